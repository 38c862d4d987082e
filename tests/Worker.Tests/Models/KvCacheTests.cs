using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

public class KvCacheTests
{
    public static readonly DecoderConfig Config = new()
    {
        Architecture = "Qwen3ForCausalLM",
        VocabSize = 40,
        HiddenSize = 24,
        IntermediateSize = 32,
        NumLayers = 2,
        NumHeads = 4,
        NumKvHeads = 2,
        HeadDim = 8,
        QkNorm = true,
        TieWordEmbeddings = true,
    };

    [Fact]
    public void Hidden_ChunksOfUnequalLengths_EqualWholeSequences()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(Config, 3, 12, ScalarType.Float32, CPU);
        var random = new Random(5);
        var rows = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 12).Select(_ => random.Next(40)).ToArray()).ToArray();
        var whole = model.Hidden(Goldens.Batch(rows));

        foreach (var news in (int[][])[[5, 2, 1], [0, 3, 4], [4, 1, 4], [3, 6, 3]])
        {
            var before = cache.Lengths.ToArray();
            var chunk = rows.Select((r, i) => r[before[i]..(before[i] + news[i])]).ToArray();
            var hidden = model.Hidden(Goldens.Batch(chunk), cache, news);
            for (var row = 0; row < 3; row++)
                if (news[row] > 0)
                    Assert.True(Goldens.LargestDifference(hidden[row].narrow(0, 0, news[row]), whole[row].narrow(0, before[row], news[row])) < 1e-5);
        }
        Assert.Equal([12, 12, 12], cache.Lengths);
    }

    [Fact]
    public void SetLength_ThenOtherTokens_ForgetsTheOldOnes()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(Config, 1, 8, ScalarType.Float32, CPU);
        model.Hidden(Goldens.Batch([1, 2, 3, 4, 5]), cache);

        cache.SetLength(0, 2);
        var hidden = model.Hidden(Goldens.Batch([9, 8]), cache);

        Assert.Equal(4, cache.Lengths[0]);
        Assert.True(Goldens.LargestDifference(hidden[0], model.Hidden(Goldens.Batch([1, 2, 9, 8]))[0].narrow(0, 2, 2)) < 1e-5);
    }

    [Fact]
    public void ReorderOrCopyRow_OfLongerRow_ContinuesLikeIt()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(Config, 2, 8, ScalarType.Float32, CPU);
        model.Hidden(Goldens.Batch([1, 2, 3], [7, 7, 7]), cache, [3, 1]);

        cache.ReorderOrCopyRow(0, 1);
        var hidden = model.Hidden(Goldens.Batch([4], [4]), cache);

        Assert.Equal([4, 4], cache.Lengths);
        Assert.True(Goldens.LargestDifference(hidden[0], hidden[1]) < 1e-6);
    }

    [Fact]
    public void Hidden_BeyondCapacity_IsRefused()
    {
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(Config, 1, 2, ScalarType.Float32, CPU);
        var error = Assert.Throws<ArgumentException>(() => model.Hidden(Goldens.Batch([1, 2, 3]), cache));
        Assert.Contains("capacity of 2", error.Message);
    }
}
