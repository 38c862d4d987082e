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

    [Theory, InlineData(9), InlineData(16), InlineData(33), InlineData(127), InlineData(300)]
    public void TryGatedLinear_AnyRows_IsTheGatedProduct(int rows)
    {
        Assert.SkipWhen(MatrixUnits.Available && rows >= Matmul.SplitRows, "matrix units take products of so many rows");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (var (outputs, inputs) in (ReadOnlySpan<(int, int)>)[(12, 64), (13, 512), (101, 96), (48, 1536), (176, 64)])
        {
            Tensor x = randn(rows, inputs), weight = randn(2 * outputs, inputs).div(Math.Sqrt(inputs) / 2);
            var product = x.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
            AssertClose(nn.functional.silu(product.narrow(1, 0, outputs)).mul(product.narrow(1, outputs, outputs)), Matmul.TryGatedLinear(x, weight)!);
        }
        Assert.Null(Matmul.TryGatedLinear(randn(8, 64), randn(64, 64))); // so few are products of vectors
        Assert.Null(Matmul.TryGatedLinear(randn(40, 4096), randn(64, 4096)));
        using var grad = enable_grad();
        Assert.Null(Matmul.TryGatedLinear(randn(40, 64), randn(64, 64)));
    }

    [Fact]
    public unsafe void Exponential_AllMagnitudes_IsWithinTwoUnitsOfTheLastPlace()
    {
        float[] values = [.. Enumerable.Range(-8700, 8700 + 8870).Select(i => i / 100f + i % 7 * 1e-3f), 0, 1e-30f, -1e-30f];
        for (var i = 0; i + Vector512<float>.Count <= values.Length; i += Vector512<float>.Count)
        {
            var powers = Exponential.Of(Vector512.Create<float>(values.AsSpan(i)));
            for (var lane = 0; lane < Vector512<float>.Count; lane++)
            {
                var exact = Math.Exp(values[i + lane]);
                Assert.Equal(exact, powers[lane], 2 * (MathF.BitIncrement((float)exact) - (float)exact));
            }
        }
        var special = Exponential.Of(Vector512.Create(float.NegativeInfinity, float.PositiveInfinity, float.NaN, 0, -200, 200, -104, 88.7f, 1, 1, 1, 1, 1, 1, 1, 1));
        Assert.Equal([0, float.PositiveInfinity, float.NaN, 1, 0, float.PositiveInfinity], Enumerable.Range(0, 6).Select(lane => special[lane]));
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

    [Theory, InlineData(false, false), InlineData(true, false), InlineData(false, true)]
    public void HiddenFrom_SomeTokens_IsWhatHiddenHasThere(bool normalised, bool half)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var config = new DecoderConfig
        {
            Architecture = normalised ? "Qwen3ForCausalLM" : "Qwen2ForCausalLM",
            VocabSize = 100,
            HiddenSize = 128,
            IntermediateSize = 192,
            NumLayers = 3,
            NumHeads = 4,
            NumKvHeads = 2,
            HeadDim = 32,
            QkNorm = normalised, // takes the operators' path, as bfloat16 does
        };
        var type = half ? ScalarType.BFloat16 : ScalarType.Float32;
        using var model = CausalLM.Create(config, type, CPU, initSeed: 4);
        using KvCache whole = new(config, 3, 80, type, CPU), partial = new(config, 3, 80, type, CPU);
        foreach (var (length, counts, from) in (ReadOnlySpan<(int, int[], int[])>)[(40, [40, 21, 33], [39, 0, 32]), (5, [1, 5, 0], [0, 4, 0]), (2, [2, 1, 2], [0, 0, 0]), (30, [30, 30, 3], [29, 14, 1])])
        {
            var ids = randint(100, [3, length], dtype: ScalarType.Int64);
            var expected = model.Hidden(ids, whole, counts);
            var actual = model.HiddenFrom(ids, partial, counts, from);
            Assert.Equal(whole.Lengths, partial.Lengths);
            Assert.Equal(counts.Zip(from, (count, first) => count - first).Sum(), actual.size(0));
            var at = 0;
            for (var row = 0; row < 3; at += counts[row] - from[row], row++)
                if (counts[row] > from[row])
                    AssertClose(expected[row].narrow(0, from[row], counts[row] - from[row]).to(ScalarType.Float64), actual.narrow(0, at, counts[row] - from[row]), half ? 0.1 : 2e-4);
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

    [Theory, InlineData(16, 16), InlineData(16, 5), InlineData(3, 16), InlineData(1, 1), InlineData(15, 12)]
    public unsafe void Transposition_Add_TurnsWhatThereIs(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        Tensor from = randn(16, 20), bias = randn(columns), onto = randn(rows, 23);
        var turned = from.t().narrow(0, 0, rows).narrow(1, 0, columns);
        var ontoPart = onto.narrow(1, 0, columns);
        foreach (var (offsets, added, expected) in (ReadOnlySpan<(Tensor?, Tensor?, Tensor)>)[(null, null, turned), (bias, null, turned.add(bias)), (null, onto, turned.add(ontoPart)), (bias, onto, turned.add(bias).add(ontoPart))])
        {
            var to = full([17, 23], 7f);
            Transposition.Add((float*)Matmul.Address(from), 20, rows, columns, (float*)Matmul.Address(to), 23, (float*)Matmul.Address(offsets), (float*)Matmul.Address(added));
            AssertClose(expected.to(ScalarType.Float64), to.narrow(0, 0, rows).narrow(1, 0, columns), 1e-6);
            to.narrow(0, 0, rows).narrow(1, 0, columns).fill_(7f);
            Assert.True(to.eq(7f).all().item<bool>(), "something was written beside the block");
        }
    }

    [Fact]
    public unsafe void Transposition_InPlace_TurnsTheBlock()
    {
        using var scope = NewDisposeScope();
        Tensor matrix = arange(256, dtype: ScalarType.Float32).view(16, 16), expected = matrix.t().contiguous();
        Transposition.Copy((float*)Matmul.Address(matrix), (float*)Matmul.Address(matrix));
        Assert.True(matrix.equal(expected).all().item<bool>());
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

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance = 2e-4) =>
        Assert.True(actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>() < tolerance, $"{actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>()}");
}
