using System.Runtime.Intrinsics;
using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>The CPU kernels against libtorch's operators.</summary>
[Collection(TorchGeneratorCollection.Name)]
public class KernelTests
{
    public KernelTests()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated, "the kernels need AVX-512, which this CPU lacks");
        manual_seed(5);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(4), InlineData(7), InlineData(8), InlineData(9), InlineData(16), InlineData(17), InlineData(32), InlineData(33), InlineData(48), InlineData(127), InlineData(300)]
    public void Matmul_AnyRows_IsTheProduct(int rows)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (outputs, inputs) in (ReadOnlySpan<(int, int)>)[(5, 16), (12, 64), (13, 512), (101, 96), (30, 2064)])
        {
            Tensor x = randn(rows, inputs), weight = randn(outputs, inputs), bias = randn(outputs), onto = randn(rows, outputs);
            var product = x.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
            AssertClose(product, Matmul.TryLinear(x, weight)!);
            AssertClose(product.add(bias), Matmul.TryLinear(x, weight, bias)!);
            AssertClose(product.add(onto), Matmul.TryLinear(x, weight, onto: onto)!);
        }
    }

    [Fact]
    public void Matmul_WhatItCannotDo_IsLeftToLibtorch()
    {
        using var scope = NewDisposeScope();
        Assert.Null(Matmul.TryLinear(randn(2, 16), randn(4, 16))); // gradients are on
        using var _ = no_grad();
        Assert.Null(Matmul.TryLinear(randn(2, 15), randn(4, 15)));
        if (!MatrixUnits.Available)
            Assert.Null(Matmul.TryLinear(randn(Matmul.MaxRows + 1, 16), randn(4, 16)));
        Assert.Null(Matmul.TryLinear(randn(2, 16).to(ScalarType.BFloat16), randn(4, 16).to(ScalarType.BFloat16)));
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
        int[] rows = [.. Enumerable.Range(0, 10).Select(row => 19 - 2 * row)];
        using var host = new HostCopy();
        var selected = new OperatorSelection(expert, amateur, selection, host);
        host.Wait();
        var expected = selected.Labels(rows, host);
        var actual = new FusedSelection(expert, amateur, selection).Labels(rows, host);
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Select(label => label.Index), actual.Select(label => label.Index));
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

    [Theory, InlineData(1, 64), InlineData(3, 70), InlineData(130, 512)]
    public void RowOperators_AnySize_AgreeWithOperators(int rows, int size)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor x = randn(rows, size).mul(3), weight = randn(size), wide = x.to(ScalarType.Float64);
        AssertClose(wide.div(wide.mul(wide).mean([1], keepdim: true).add(1e-6).sqrt()).mul(weight), RowOperators.TryNormalise(x, weight, 1e-6f)!);
        var gateUp = randn(rows, 2 * size).mul(30);
        var (gate, up) = (gateUp.narrow(1, 0, size).to(ScalarType.Float64), gateUp.narrow(1, size, size).to(ScalarType.Float64));
        AssertClose(nn.functional.silu(gate).mul(up).div(100), RowOperators.TryGate(gateUp)!.div(100));
        Assert.Null(RowOperators.TryGate(randn(4, 6).t()));
        using var grad = enable_grad();
        Assert.Null(RowOperators.TryNormalise(x, weight, 1e-6f));
    }

    [Theory, InlineData(1, 7), InlineData(5, 64), InlineData(40, 1003)]
    public void Argmax_OfRows_IsTheFirstLargest(int rows, int count)
    {
        using var scope = NewDisposeScope();
        var logits = randint(50, [rows, count]).to(ScalarType.Float32); // many equals
        var values = logits.data<float>().ToArray();
        for (var row = 0; row < rows; row++)
        {
            var mine = values.AsSpan(row * count, count).ToArray();
            Assert.Equal(Array.IndexOf(mine, mine.Max()), Argmax.OfRows(logits)[row].item<long>());
        }
        Assert.Equal(0, Argmax.OfRows(full([1, count], float.NaN, dtype: ScalarType.Float32)).item<long>());
    }

    /// <summary>Scores that lie closer together than bfloat16 can tell, and rows whose best token is one of many near equals.</summary>
    [Theory, InlineData(3.0, 1000), InlineData(0.01, 1003), InlineData(1e-4, 5000)]
    public void ScreenedHead_NearTies_FindsTheBestInFloat32(double spread, int vocabulary)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Assert.SkipUnless(ScreenedHead.Supports(zeros(1, 64)), "needs AVX-512");
        var weight = randn(1, 64).add(randn(vocabulary, 64).mul(spread));
        var states = cat([randn(70, 64), zeros(2, 64)], 0);
        using var head = new ScreenedHead(weight);
        var found = head.Likeliest(states);
        var exact = states.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
        var missed = exact.amax([1]).sub(exact.gather(1, found.view(-1, 1)).view(-1)).max().item<double>();
        Assert.True(missed < 1e-5, $"a token is {missed} above the one that was found");
        Assert.Equal(0, found[71].item<long>()); // all equal: the first
    }

    [Fact]
    public void ScreenedHead_OtherTypes_IsNotUsed()
    {
        using var scope = NewDisposeScope();
        Assert.False(ScreenedHead.Pays(randn(4, 64).to(ScalarType.BFloat16)));
        Assert.False(ScreenedHead.Pays(randn(4, 63)));
    }

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.True(actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>() < 2e-4, $"{actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>()}");
}
