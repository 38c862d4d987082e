using System.Runtime.Intrinsics;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>Products of training, by whatever units this CPU has, against products in float64.</summary>
[Collection(TorchGeneratorCollection.Name)]
public class LinearGradientsTests
{
    public LinearGradientsTests()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated, "the kernels need AVX-512, which this CPU lacks");
        manual_seed(7);
    }

    [Theory, InlineData(24, 12, 16), InlineData(48, 40, 64), InlineData(130, 96, 33), InlineData(600, 64, 1408), InlineData(41, 301, 77)]
    public void Linear_GradientsOfAllArguments_AreThoseOfLibtorch(int rows, int outputs, int inputs)
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(rows, inputs), weight = randn(outputs, inputs), bias = randn(outputs), onto = randn(rows, outputs), gradient = randn(rows, outputs);
        var (got, split) = Run(ScalarType.Float32, (x, weight, bias, onto) => LinearGradients.TryApply(x, weight, bias, onto)!);
        var (wanted, exact) = Run(ScalarType.Float64, (x, weight, bias, onto) => nn.functional.linear(x, weight, bias).add(onto));
        Close(exact, split);
        foreach (var (expected, actual) in wanted.Zip(got))
            Close(expected, actual);

        (Tensor[] Gradients, Tensor Output) Run(ScalarType type, Func<Tensor, Tensor, Tensor, Tensor, Tensor> linear)
        {
            Tensor[] leaves = [.. new[] { x, weight, bias, onto }.Select(leaf => leaf.to(type).clone().requires_grad_())];
            var output = linear(leaves[0], leaves[1], leaves[2], leaves[3]);
            output.backward([gradient.to(type)]);
            return ([.. leaves.Select(leaf => leaf.grad!)], output);
        }
    }

    [Fact]
    public void Linear_FrozenWeight_TakesGradientsOfItsInputOnly()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn(64, 32).requires_grad_(), weight = randn(48, 32), gradient = randn(64, 48);
        LinearGradients.TryApply(x, weight)!.backward([gradient]);
        Close(gradient.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64)), x.grad!);
        Assert.Null(weight.grad);
    }

    [Fact]
    public void MultiplyTransposed_OntoASum_Adds()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor a = randn(70, 64), b = randn(70, 96), sum = randn(64, 96);
        var expected = sum.to(ScalarType.Float64).add(a.to(ScalarType.Float64).t().mm(b.to(ScalarType.Float64)));
        Assert.True(LinearGradients.TryAddTransposed(sum, a, b));
        Close(expected, sum);
        Assert.False(LinearGradients.TryAddTransposed(sum.t(), b, a)); // not contiguous
    }

    [Theory, InlineData(24, 40, 12), InlineData(30, 5000, 24), InlineData(300, 1025, 100), InlineData(37, 29, 53)]
    public void Multiply_WithAndWithoutATranspose_IsTheProduct(int rows, int depth, int columns)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor a = randn(rows, depth), b = randn(depth, columns);
        var expected = a.to(ScalarType.Float64).mm(b.to(ScalarType.Float64));
        Close(expected, LinearGradients.TryMultiply(a, b)!);
        Close(expected, LinearGradients.TryMultiplyTransposed(a.t().contiguous(), b)!);
    }

    [Fact]
    public void Linear_WithoutGradients_IsTheProduct()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor x = randn(40, 32), weight = randn(80, 32).requires_grad_(), onto = randn(40, 80);
        var y = LinearGradients.TryApply(x, weight, onto: onto)!;
        Close(onto.to(ScalarType.Float64).add(x.to(ScalarType.Float64).mm(weight.detach().to(ScalarType.Float64).t())), y);
        Assert.False(y.requires_grad);
    }

    [Fact]
    public void TryMultiply_WhatItCannotDo_IsLeftToLibtorch()
    {
        using var scope = NewDisposeScope();
        Assert.Null(LinearGradients.TryMultiply(randn(40, 30), randn(30, 5)));
        Assert.Null(LinearGradients.TryMultiply(randn(5, 30), randn(30, 40)));
        Assert.Null(LinearGradients.TryMultiply(randn(30, 40).t(), randn(30, 40)));
        Assert.Null(LinearGradients.TryMultiply(randn(40, 30).to(ScalarType.BFloat16), randn(30, 40).to(ScalarType.BFloat16)));
        Assert.Null(LinearGradients.TryApply(randn(40, 32), randn(8, 32)));
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        var error = actual.to(ScalarType.Float64).sub(expected).norm().item<double>() / expected.norm().item<double>();
        Assert.True(error < 1e-6, $"{error} relative");
    }
}
