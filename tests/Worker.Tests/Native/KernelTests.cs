using System.Runtime.Intrinsics;
using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Sampling;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>The CPU kernels against libtorch's operators.</summary>
public class KernelTests
{
    public KernelTests() => Assert.SkipUnless(Vector512.IsHardwareAccelerated, "the kernels need AVX-512, which this CPU lacks");

    [Theory, InlineData(1), InlineData(3), InlineData(4), InlineData(7), InlineData(8), InlineData(9), InlineData(16), InlineData(17), InlineData(32)]
    public void SkinnyMatmul_AnyRows_IsTheProduct(int rows)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (outputs, inputs) in (ReadOnlySpan<(int, int)>)[(5, 16), (12, 64), (13, 512), (101, 96)])
        {
            Tensor x = randn(rows, inputs), weight = randn(outputs, inputs), bias = randn(outputs), onto = randn(rows, outputs);
            var product = x.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
            AssertClose(product, SkinnyMatmul.TryLinear(x, weight)!);
            AssertClose(product.add(bias), SkinnyMatmul.TryLinear(x, weight, bias)!);
            AssertClose(product.add(onto), SkinnyMatmul.TryLinear(x, weight, onto: onto)!);
        }
    }

    [Fact]
    public void SkinnyMatmul_WhatItCannotDo_IsLeftToLibtorch()
    {
        using var scope = NewDisposeScope();
        Assert.Null(SkinnyMatmul.TryLinear(randn(2, 16), randn(4, 16))); // gradients are on
        using var _ = no_grad();
        Assert.Null(SkinnyMatmul.TryLinear(randn(2, 15), randn(4, 15)));
        Assert.Null(SkinnyMatmul.TryLinear(randn(SkinnyMatmul.MaxRows + 1, 16), randn(4, 16)));
        Assert.Null(SkinnyMatmul.TryLinear(randn(2, 16).to(ScalarType.BFloat16), randn(4, 16).to(ScalarType.BFloat16)));
    }

    [Theory, InlineData(64), InlineData(32)]
    public void DecodeAttention_RowsOfUnequalLengths_AgreesWithWholeSequences(int headDim)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var config = new DecoderConfig
        {
            Architecture = "Qwen2ForCausalLM",
            VocabSize = 100,
            HiddenSize = 4 * headDim,
            IntermediateSize = 128,
            NumLayers = 2,
            NumHeads = 4,
            NumKvHeads = 2,
            HeadDim = headDim,
            AttentionBias = true,
        };
        using var model = CausalLM.Create(config, ScalarType.Float32, CPU, initSeed: 4);
        var ids = randint(100, [3, 60], dtype: ScalarType.Int64);
        var whole = model.Hidden(ids);
        using var cache = new KvCache(config, 3, 64, ScalarType.Float32, CPU);
        int[] done = [0, 0, 0];
        foreach (var counts in (int[][])[[40, 21, 33], [1, 5, 0], [3, 1, 2], [16, 16, 16]])
        {
            var longest = counts.Max();
            var news = zeros([3, longest], dtype: ScalarType.Int64);
            for (var row = 0; row < 3; row++)
                if (counts[row] > 0)
                    news[row].narrow(0, 0, counts[row]).copy_(ids[row].narrow(0, done[row], counts[row]));
            var hidden = model.Hidden(news, cache, counts);
            for (var row = 0; row < 3; row++)
            {
                if (counts[row] > 0)
                    AssertClose(whole[row].narrow(0, done[row], counts[row]).to(ScalarType.Float64), hidden[row].narrow(0, 0, counts[row]));
                done[row] += counts[row];
            }
        }
    }

    [Theory, InlineData(1000, 1000), InlineData(1003, 997), InlineData(40, 64)]
    public void Contrast_RandomLogits_SelectsWhatOperatorsSelect(int expertVocabulary, int amateurVocabulary)
    {
        using var scope = NewDisposeScope();
        Tensor expert = randn(20, expertVocabulary).mul(4), amateur = randn(20, amateurVocabulary).mul(4);
        var selection = new SelectionSpec { Alpha = 0.1, Beta = 2 };
        var expected = StepSelection.ByOperators(expert, amateur, selection);
        var actual = StepSelection.Select(expert, amateur, selection);
        Assert.Equal(expected.Select(label => label.Row), actual.Select(label => label.Row));
        foreach (var (a, b) in expected.Zip(actual))
        {
            Assert.Equal(a.TokenIds, b.TokenIds);
            Assert.Equal(a.Kl, b.Kl, 1e-5 * a.Kl);
            foreach (var (v, w) in a.Weights.Zip(b.Weights))
                Assert.Equal(v, w, 1e-5);
        }
    }

    [Fact]
    public void SoftmaxGradient_Logits_BecomeTheGradientOfCrossEntropy()
    {
        using var scope = NewDisposeScope();
        var logits = randn(7, 331).mul(3).requires_grad_();
        var targets = randint(331, [7], dtype: ScalarType.Int64);
        var loss = nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum);
        loss.mul(0.25).backward();
        var copy = logits.detach().clone();
        var (sum, predicted) = SoftmaxGradient.InPlace(copy, targets, 0.25);
        Assert.Equal(loss.item<float>(), sum, 1e-3);
        Assert.True(predicted.eq(logits.argmax(-1)).all().item<bool>());
        Assert.True(copy.sub(logits.grad!).abs().max().item<float>() < 1e-6);
    }

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.True(actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>() < 2e-4, $"{actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>()}");
}
