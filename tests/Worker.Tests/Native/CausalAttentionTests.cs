using System.Runtime.Intrinsics;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>Attention with gradients against operators in float64.</summary>
[Collection(TorchGeneratorCollection.Name)]
public class CausalAttentionTests
{
    public CausalAttentionTests()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated, "the kernels need AVX-512, which this CPU lacks");
        manual_seed(9);
    }

    // Batch, heads, key heads, queries, keys, width.
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 12, 12, 16 }, { 1, 1, 1, 1, 40, 16 }, { 2, 4, 2, 33, 33, 32 }, { 3, 4, 1, 60, 60, 64 }, { 1, 6, 3, 100, 171, 48 }, { 2, 2, 2, 300, 300, 64 }, { 1, 2, 1, 257, 530, 128 }, { 1, 3, 3, 31, 13 + 31, 80 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Apply_AnyShape_HasContextAndGradientsOfTheOperators(int batch, int heads, int kvHeads, int length, int reach, int dim)
    {
        using var scope = NewDisposeScope();
        // As projections leave them: heads side by side within a token.
        Tensor queries = randn(batch, length, heads, dim), keys = randn(batch, reach, kvHeads, dim), values = randn(batch, reach, kvHeads, dim), gradient = randn(batch * length, heads * dim);
        queries.mul_(1 / Math.Sqrt(dim));
        var (expected, expectedGradients) = Run(ScalarType.Float64, Operators);
        var (actual, gradients) = Run(ScalarType.Float32, (q, k, v) => CausalAttention.Apply(q, k, v));
        AssertClose(expected, actual);
        foreach (var (e, a) in expectedGradients.Zip(gradients))
            AssertClose(e, a);
        using (no_grad())
        {
            // All three as parts of one matrix, as frozen projections leave them.
            var parts = cat([queries.flatten(0, 1), .. reach == length ? [keys.flatten(0, 1), values.flatten(0, 1)] : (Tensor[])[]], 1).split(reach == length ? [heads, kvHeads, kvHeads] : [heads], 1);
            Tensor[] views = reach == length ? [.. parts.Select(part => part.view(batch, length, -1, dim))] : [queries, keys, values];
            AssertClose(expected, CausalAttention.Apply(views[0].transpose(1, 2), views[1].transpose(1, 2), views[2].transpose(1, 2)));
        }

        (Tensor, Tensor[]) Run(ScalarType type, Func<Tensor, Tensor, Tensor, Tensor> attention)
        {
            Tensor[] leaves = [.. new[] { queries, keys, values }.Select(x => x.to(type).detach().clone().requires_grad_())];
            var context = attention(leaves[0].transpose(1, 2), leaves[1].transpose(1, 2), leaves[2].transpose(1, 2));
            context.backward([gradient.to(type)]);
            return (context.detach(), [.. leaves.Select(leaf => leaf.grad!)]);
        }

        Tensor Operators(Tensor q, Tensor k, Tensor v)
        {
            var groups = heads / kvHeads;
            var scores = q.matmul(k.repeat_interleave(groups, 1).transpose(2, 3)).add(full([length, reach], double.NegativeInfinity, dtype: ScalarType.Float64).triu(reach - length + 1));
            return nn.functional.softmax(scores, -1).matmul(v.repeat_interleave(groups, 1)).transpose(1, 2).reshape(batch * length, heads * dim);
        }
    }

    [Fact]
    public void Supports_WhatItCannotDo_IsLeftToOperators()
    {
        Assert.True(CausalAttention.Supports(ScalarType.Float32, CPU, 16, 12));
        Assert.False(CausalAttention.Supports(ScalarType.Float32, CPU, 24, 20));
        Assert.False(CausalAttention.Supports(ScalarType.Float32, CPU, 16, 11));
        Assert.False(CausalAttention.Supports(ScalarType.BFloat16, CPU, 16, 20));
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        var error = actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>();
        Assert.True(error < 1e-5 * Math.Max(1, expected.abs().max().item<double>()), $"{error} of {expected.abs().max().item<double>()}");
    }
}
