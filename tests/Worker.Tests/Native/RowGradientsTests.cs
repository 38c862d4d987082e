using System.Runtime.Intrinsics;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>Norms and gates with gradients of their own against libtorch's operators in float64.</summary>
[Collection(TorchGeneratorCollection.Name)]
public class RowGradientsTests
{
    private const float Epsilon = 1e-5f;

    public RowGradientsTests()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated, "the kernels need AVX-512, which this CPU lacks");
        manual_seed(7);
    }

    [Theory, InlineData(1, 5), InlineData(3, 16), InlineData(70, 100), InlineData(33, 512)]
    public void Norm_OfRows_HasTheGradientsOfItsDefinition(int rows, int size)
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(rows, size), weight = randn(size), gradient = randn(rows, size);
        Compare([x, weight], gradient, leaves => RowGradients.TryNormalise(leaves[0], leaves[1], Epsilon)!,
            leaves => leaves[0].div(leaves[0].square().mean([1L], keepdim: true).add(Epsilon).sqrt()).mul(leaves[1]));
    }

    [Fact]
    public void Norm_OfHeads_TakesTheLastDimension()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(2, 3, 4, 32), weight = randn(32), gradient = randn(2, 3, 4, 32);
        Compare([x, weight], gradient, leaves => RowGradients.TryNormalise(leaves[0], leaves[1], Epsilon)!,
            leaves => leaves[0].div(leaves[0].square().mean([-1L], keepdim: true).add(Epsilon).sqrt()).mul(leaves[1]));
    }

    [Theory, InlineData(1, 5), InlineData(3, 16), InlineData(70, 100), InlineData(200, 1408)]
    public void Gate_OfTwoMatrices_HasTheGradientsOfItsDefinition(int rows, int size)
    {
        using var scope = NewDisposeScope();
        Tensor gate = randn(rows, size).mul(4), up = randn(rows, size), gradient = randn(rows, size);
        Compare([gate, up], gradient, leaves => RowGradients.TryGate(leaves[0], leaves[1])!, leaves => nn.functional.silu(leaves[0]).mul(leaves[1]));
    }

    [Fact]
    public void Gate_FarFromZero_StaysFinite()
    {
        using var scope = NewDisposeScope();
        Tensor gate = tensor(Enumerable.Range(0, 32).Select(i => (i - 16) * 20f).ToArray()).view(1, 32), up = ones(1, 32), gradient = ones(1, 32);
        Compare([gate, up], gradient, leaves => RowGradients.TryGate(leaves[0], leaves[1])!, leaves => nn.functional.silu(leaves[0]).mul(leaves[1]));
    }

    [Fact]
    public void Norm_OfFrozenWeight_GivesItNoGradient()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(4, 32).requires_grad_(), weight = randn(32);
        RowGradients.TryNormalise(x, weight, Epsilon)!.sum().backward();
        Assert.NotNull(x.grad);
        Assert.Null(weight.grad);
    }

    private static void Compare(Tensor[] values, Tensor gradient, Func<Tensor[], Tensor> ours, Func<Tensor[], Tensor> definition)
    {
        Tensor[] got = [.. values.Select(value => value.clone().requires_grad_())], exact = [.. values.Select(value => value.to(ScalarType.Float64).requires_grad_())];
        Tensor output = ours(got), expected = definition(exact);
        output.backward([gradient]);
        expected.backward([gradient.to(ScalarType.Float64)]);
        Close(expected, output);
        foreach (var (wanted, found) in exact.Zip(got))
            Close(wanted.grad!, found.grad!);
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        var error = actual.to(ScalarType.Float64).sub(expected).norm().item<double>() / expected.norm().item<double>();
        Assert.True(error < 1e-6, $"{error} relative");
    }
}
