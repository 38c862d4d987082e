using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

[Collection(TorchCollection.Name)]
public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string> Functions => ["matmul", "softmax", "attention", "index", "cross_entropy", "layer_norm", "silu_mul", "rotary", "gather_logsumexp"];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Backward_MatchesFiniteDifferences(string function)
    {
        manual_seed(0);
        var x = randn(3, 4, dtype: float64).requires_grad_();
        Apply(function, x).backward();
        var gradient = x.grad!.data<double>().ToArray();
        const double Step = 1e-6;
        using var mode = no_grad();
        for (int i = 0; i < gradient.Length; i++)
        {
            var nudge = zeros_like(x);
            nudge.view(-1)[i] = tensor(Step);
            double slope = (Apply(function, x + nudge) - Apply(function, x - nudge)).item<double>() / (2 * Step);
            Assert.Equal(slope, gradient[i], 1e-6);
        }
    }

    private static Tensor Apply(string function, Tensor x)
    {
        var weights = arange(12, float64).view(3, 4).cos();
        return function switch
        {
            "matmul" => (x.matmul(weights.t()) * x.matmul(x.t())).sum(),
            "softmax" => (x.softmax(-1) * weights).sum(),
            "attention" => (nn.functional.scaled_dot_product_attention(x.unsqueeze(0), x.unsqueeze(0), x.unsqueeze(0), is_casual: true) * weights).sum(),
            "index" => (x[tensor(new long[] { 0, 2, 0 })] * weights).sum() + x[1, 1..3].pow(2).sum(),
            "cross_entropy" => nn.functional.cross_entropy(x, tensor(new long[] { 1, 0, 3 })),
            "layer_norm" => (nn.functional.layer_norm(x, [4]) * weights).sum(),
            "silu_mul" => (nn.functional.silu(x) * x * weights).sum(),
            "rotary" => (cat([-x.slice(1, 2, 4, 1), x.slice(1, 0, 2, 1)], -1) * x.sin() * weights).sum(),
            _ => (x.gather(1, tensor(new long[,] { { 1 }, { 2 }, { 0 } })).squeeze(1) - x.logsumexp(1)).sum(),
        };
    }

    [Fact]
    public void Grad_AccumulatesUntilCleared()
    {
        var x = tensor(2.0, requires_grad: true);
        Assert.Null(x.grad);
        (x * x).backward();
        (x * x).backward();
        Assert.Equal(8.0, x.grad!.item<double>());
        x.grad = null;
        Assert.Null(x.grad);
        (x * 3).backward();
        Assert.Equal(3.0, x.grad!.item<double>());
    }

    [Fact]
    public void AutogradGrad_LeavesTheLeavesAlone()
    {
        var x = tensor(3.0, requires_grad: true);
        var first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        Assert.Equal(27.0, first.item<double>());
        Assert.Equal(18.0, autograd.grad([first], [x])[0].item<double>());
        Assert.Null(x.grad);
    }

    [Fact]
    public void Modes_DecideWhetherAGraphIsKept()
    {
        var x = ones(2).requires_grad_();
        Assert.True((x * 2).requires_grad);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad())
            {
                Assert.True((x * 2).requires_grad);
            }

            Assert.False(is_grad_enabled());
        }

        Assert.True(is_grad_enabled());
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.True((x * 2).is_inference());
        }

        Assert.False(is_inference_mode_enabled());
        Assert.False((x * 2).detach().requires_grad);
        Assert.True(x.is_leaf);
        Assert.False((x * 2).is_leaf);
    }

    [Fact]
    public void Backward_OfAVectorWithoutGradient_Throws()
    {
        var x = ones(2).requires_grad_();
        var error = Assert.Throws<ExternalException>(() => (x * 2).backward());
        Assert.Contains("grad can be implicitly created only for scalar outputs", error.Message);
        (x * 2).backward([ones(2)], retain_graph: true);
        Assert.Equal([2f, 2f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Function_WithAGradientOfItsOwn_IsPartOfTheGraph()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2, 3 }).requires_grad_();
        var factor = tensor(new float[] { 4, 5, 6 }).requires_grad_();
        var y = ScaledProduct.apply(x * 2, factor, 10.0);
        Assert.True(y.requires_grad);
        Assert.Equal([80f, 200f, 360f], y.data<float>().ToArray());
        y.sum().backward(retain_graph: true);
        Assert.Equal([80f, 100f, 120f], x.grad!.data<float>().ToArray());
        Assert.Equal([20f, 40f, 60f], factor.grad!.data<float>().ToArray());
        y.sum().backward();
        Assert.Equal([160f, 200f, 240f], x.grad!.data<float>().ToArray());
        Assert.Contains("second time", Assert.Throws<ExternalException>(() => y.sum().backward()).Message);
    }

    [Fact]
    public void Function_WhereNoGradientIsWanted_IsNotAsked()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(3), factor = ones(3).requires_grad_();
        ScaledProduct.apply(x, factor, 3.0).sum().backward();
        Assert.Equal([3f, 3f, 3f], factor.grad!.data<float>().ToArray());
        Assert.Null(x.grad);
        Assert.False(ScaledProduct.apply(x, x, 3.0).requires_grad);
        using (no_grad())
        {
            Assert.False(ScaledProduct.apply(x, factor, 3.0).requires_grad);
        }
    }

    [Fact]
    public void Function_ThatFailsInBackward_SaysWhy()
    {
        using var scope = NewDisposeScope();
        var x = ones(3).requires_grad_();
        Assert.Contains("no way back", Assert.Throws<ExternalException>(() => Failing.apply(x).sum().backward()).Message);
        Assert.Contains("Failing: backward returned 2 gradients for 1 arguments", Assert.Throws<ExternalException>(() => Failing.apply(x * 2).sum().backward()).Message);
        Assert.Contains("must return a new tensor", Assert.Throws<ExternalException>(() => Same.apply(x)).Message);
    }

    private sealed class ScaledProduct : autograd.SingleTensorFunction<ScaledProduct>
    {
        public override string Name => nameof(ScaledProduct);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, factor, scale) = ((Tensor)vars[0], (Tensor)vars[1], (double)vars[2]);
            ctx.save_for_backward([x, factor]);
            ctx.save_data("scale", scale);
            return x * factor * scale;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var scaled = grad_output * (double)ctx.get_data("scale");
            return [scaled * ctx.get_saved_variables()[1], scaled * ctx.get_saved_variables()[0], null!];
        }
    }

    private sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("leaf", ((Tensor)vars[0]).is_leaf);
            return (Tensor)vars[0] * 2;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            (bool)ctx.get_data("leaf") ? throw new InvalidOperationException("no way back") : [grad_output, grad_output];
    }

    private sealed class Same : autograd.SingleTensorFunction<Same>
    {
        public override string Name => nameof(Same);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => (Tensor)vars[0];

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output];
    }

    [Fact]
    public void Parameter_IsALeafOutsideOfAllScopes()
    {
        Parameter parameter;
        using (NewDisposeScope())
        {
            parameter = new Parameter(ones(2) * 3);
        }

        Assert.False(parameter.IsInvalid);
        Assert.True(parameter.requires_grad);
        Assert.True(parameter.is_leaf);
        Assert.Equal([3f, 3f], parameter.data<float>().ToArray());
        parameter.Dispose();
    }
}
