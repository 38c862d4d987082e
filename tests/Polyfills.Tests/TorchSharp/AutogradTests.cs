using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Polyfills.Tests.TorchSharp;

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
