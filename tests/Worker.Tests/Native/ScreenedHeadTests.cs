using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>The likeliest tokens by coarser logits against those by logits in float64.</summary>
[Collection(TorchGeneratorCollection.Name)]
public unsafe class ScreenedHeadTests
{
    public ScreenedHeadTests() => manual_seed(8);

    public static TheoryData<bool, double, int, int> Heads
    {
        get
        {
            var data = new TheoryData<bool, double, int, int>();
            foreach (var bytes in (bool[])[false, true])
                foreach (var (spread, vocabulary, hidden) in ((double, int, int)[])[(3, 1000, 64), (3, 12, 64), (1, 2011, 80), (0.01, 1003, 64), (1e-4, 5000, 64), (3, 700, 1040)])
                    data.Add(bytes, spread, vocabulary, hidden);
            return data;
        }
    }

    /// <summary>Scores that lie closer together than the coarser logits can tell, and rows whose best token is one of many near equals.</summary>
    [Theory, MemberData(nameof(Heads))]
    public void Likeliest_NearTies_AreTheBestInFloat32(bool bytes, double spread, int vocabulary, int hidden)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weight = randn(1, hidden).add(randn(vocabulary, hidden).mul(spread));
        using var head = Create(bytes, weight);
        foreach (var states in (Tensor[])[cat([randn(70, hidden), zeros(2, hidden)], 0), randn(33, hidden).mul(1e-12), randn(300, hidden).mul(1e12)])
        {
            var found = head.Likeliest(states);
            var exact = states.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
            var missed = exact.amax([1]).sub(exact.gather(1, found.view(-1, 1)).view(-1)).div(states.norm(1).mul(Math.Sqrt(hidden)).add(1e-30)).max().item<double>();
            Assert.True(missed < 1e-6, $"a token is {missed} above the one that was found");
            if (states.size(0) == 72)
                Assert.Equal(0, found[71].item<long>()); // all equal: the first
        }
    }

    /// <summary>One side is exact in the coarser type, so that the bound of the other alone has to suffice.</summary>
    [Theory, InlineData(false, false), InlineData(false, true), InlineData(true, false), InlineData(true, true)]
    public void Likeliest_OneSideExact_AreTheBestInFloat32(bool bytes, bool exactHead)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor weight = randn(8000, 64), states = randn(500, 64);
        (weight, states) = exactHead ? (weight.sign(), states) : (weight, states.sign());
        using var head = Create(bytes, weight);
        var logits = states.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
        Assert.True(head.Likeliest(states).eq(logits.argmax(1)).all().item<bool>());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Likeliest_OutliersAndNumbersThatAreNone_AreSettledInFull(bool bytes)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weight = randn(500, 64);
        var states = randn(40, 64);
        states[3, 5] = tensor(1e4f); // leaves nothing of the others in a byte
        states[7, 9] = tensor(float.NaN);
        using var head = Create(bytes, weight);
        var found = head.Likeliest(states);
        var logits = states.to(ScalarType.Float64).mm(weight.to(ScalarType.Float64).t());
        for (var row = 0; row < 40; row++)
            Assert.Equal(row == 7 ? 0 : logits[row].argmax().item<long>(), found[row].item<long>());
    }

    [Fact]
    public void Likeliest_HeadOfNearEquals_IsNotScreenedForLong()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var weight = randn(1, 64).add(randn(3000, 64).mul(1e-6));
        using var head = Create(bytes: true, weight);
        Assert.True(head.Worthwhile);
        for (var i = 0; i < 3; i++)
            head.Likeliest(randn(256, 64));
        Assert.False(head.Worthwhile);
        using var plain = Create(bytes: true, randn(3000, 64));
        for (var i = 0; i < 3; i++)
            plain.Likeliest(randn(256, 64));
        Assert.True(plain.Worthwhile);
    }

    [Fact]
    public void Multiply_AllBytes_IsExact()
    {
        Assert.SkipUnless(ByteProduct.Available, "this CPU has no products of bytes (AVX-512 VNNI)");
        var random = new Random(3);
        foreach (var steps in (int[])[1, 2, 5, 64])
        {
            var depth = steps * ByteProduct.StepBytes;
            var stride = depth + 7;
            byte[] panel = new byte[ByteProduct.PanelRows * depth], w = new byte[ByteProduct.TileOutputs * stride];
            random.NextBytes(panel);
            random.NextBytes(w);
            var sums = new int[ByteProduct.TileOutputs * ByteProduct.PanelRows];
            fixed (byte* x = panel, y = w)
            fixed (int* to = sums)
                ByteProduct.Multiply(x, (sbyte*)y, stride, steps, to);
            for (var output = 0; output < ByteProduct.TileOutputs; output++)
                for (var row = 0; row < ByteProduct.PanelRows; row++)
                {
                    var expected = 0;
                    for (var k = 0; k < depth; k++)
                        expected += panel[(k / 4 * ByteProduct.PanelRows + row) * 4 + k % 4] * (sbyte)w[output * stride + k];
                    Assert.Equal(expected, sums[output * ByteProduct.PanelRows + row]);
                }
        }
    }

    [Fact]
    public void TryCreate_OtherTypes_MakesNone()
    {
        using var scope = NewDisposeScope();
        Assert.Null(ScreenedHead.TryCreate(randn(40, 64).to(ScalarType.BFloat16)));
        Assert.Null(ScreenedHead.TryCreate(randn(40, 63)));
        Assert.Equal(0, ScreenedHead.Bytes(randn(40, 63)));
    }

    private static ScreenedHead Create(bool bytes, Tensor weight)
    {
        Assert.SkipUnless(bytes ? ByteHead.Pays(weight) : ScreenedHead.Supports(weight), bytes ? "this CPU has no products of bytes (AVX-512 VNNI)" : "needs AVX-512");
        return bytes ? new ByteHead(weight) : new BFloat16Head(weight);
    }
}
