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

    /// <summary>Pieces of unequal lengths, far enough that the cache grows twice, with some rows left out at times.</summary>
    [Fact]
    public void Hidden_PiecesOfUnequalLengths_EqualWholeSequences()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(model, 3);
        var random = new Random(5);
        var rows = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 150).Select(_ => random.Next(40)).ToArray()).ToArray();
        var whole = model.Hidden(Goldens.Batch(rows));

        foreach (var news in (int[][])[[5, 2, 1], [0, 3, 4], [1, 1, 1], [70, 1, 40], [3, 90, 0], [40, 20, 60], [31, 33, 44]])
        {
            int[] before = [.. cache.Lengths], some = [.. Enumerable.Range(0, 3).Where(row => news[row] > 0)];
            var piece = some.Select(row => rows[row][before[row]..(before[row] + news[row])]).ToArray();
            var hidden = model.Hidden(Goldens.Batch(piece), cache, [.. piece.Select(p => p.Length)], some.Length == 3 ? null : some);
            foreach (var (i, row) in some.Index())
                Assert.True(Goldens.LargestDifference(hidden[i].narrow(0, 0, news[row]),
                    whole[row].narrow(0, before[row], news[row])) < 1e-5);
        }
        Assert.Equal([150, 150, 150], cache.Lengths);
        Assert.True(cache.Capacity < 256, "the cache grows in steps");
    }

    /// <summary>The last layer leaves the keys and values of all tokens, also of those whose states nobody asked for.</summary>
    [Fact]
    public void Hidden_WantedTokens_AreThoseOfAllInTheGivenOrder()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(model, 2);
        int[][] rows = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]];
        var whole = model.Hidden(Goldens.Batch(rows));

        var hidden = model.Hidden(Goldens.Batch(rows[0][..3], rows[1][..2]), cache, [3, 2], wanted: [4, 0, 2]);
        var none = model.Hidden(Goldens.Batch(rows[0][3..4], rows[1][2..3]), cache, [1, 1], wanted: []);
        var next = model.Hidden(Goldens.Batch(rows[0][4..], rows[1][3..4]), cache, [1, 1], wanted: [0, 1]);

        Assert.Equal([3, 24], hidden.shape);
        Assert.Equal([0, 24], none.shape);
        Assert.True(Goldens.LargestDifference(hidden, stack([whole[1, 1], whole[0, 0], whole[0, 2]])) < 1e-5);
        Assert.True(Goldens.LargestDifference(next, stack([whole[0, 4], whole[1, 3]])) < 1e-5);
    }

    [Fact]
    public void Hidden_PositionsAndMask_AreThoseOfTheSequenceTheyDescribe()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        // Two answers behind one prompt, as one row: the second one does not see the first.
        int[] prompt = [1, 2, 3], one = [4, 5], two = [6, 7, 8];
        var positions = tensor(new long[] { 0, 1, 2, 3, 4, 3, 4, 5 }).view(1, -1);
        var mask = ones([8, 8], dtype: ScalarType.Bool).tril();
        mask.narrow(0, 5, 3).narrow(1, 3, 2).fill_(false);

        var together = model.Hidden(Goldens.Batch([.. prompt, .. one, .. two]), positions, mask.view(1, 1, 8, 8))[0];

        Assert.True(Goldens.LargestDifference(together.narrow(0, 0, 5), model.Hidden(Goldens.Batch([.. prompt, .. one]))[0]) < 1e-5);
        Assert.True(Goldens.LargestDifference(together.narrow(0, 5, 3),
            model.Hidden(Goldens.Batch([.. prompt, .. two]))[0].narrow(0, 3, 3)) < 1e-5);
    }

    [Fact]
    public void Truncate_ThenOtherTokens_ForgetsTheOldOnes()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(model, 1);
        model.Hidden(Goldens.Batch([1, 2, 3, 4, 5]), cache, [5]);

        cache.Truncate(0, 2);
        var hidden = model.Hidden(Goldens.Batch([9, 8]), cache, [2]);

        Assert.Equal(4, cache.Lengths[0]);
        Assert.True(Goldens.LargestDifference(hidden[0], model.Hidden(Goldens.Batch([1, 2, 9, 8]))[0].narrow(0, 2, 2)) < 1e-5);
    }

    [Fact]
    public void ShareFirstRowThenKeep_Rows_ContinueLikeTheFirst()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(Config, ScalarType.Float32, CPU, initSeed: 1);
        using var cache = new KvCache(model, 3);
        model.Hidden(Goldens.Batch([1, 2, 3]), cache, [3], rows: [0]);

        cache.ShareFirstRow();
        var hidden = model.Hidden(Goldens.Batch([4], [4], [5]), cache, [1, 1, 1]);
        cache.Keep([2]);
        var kept = model.Hidden(Goldens.Batch([6]), cache, [1]);

        Assert.True(Goldens.LargestDifference(hidden[0], hidden[1]) < 1e-6);
        Assert.Equal([5], cache.Lengths);
        Assert.True(Goldens.LargestDifference(kept[0][0], model.Hidden(Goldens.Batch([1, 2, 3, 5, 6]))[0][4]) < 1e-5);
    }
}
