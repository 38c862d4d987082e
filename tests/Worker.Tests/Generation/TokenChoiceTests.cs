using LightReasoner.Api;
using LightReasoner.Worker.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Generation;

public class TokenChoiceTests
{
    private static readonly float[] Logits = [2f, -1f, 0.5f, 3f, 0f];

    [Fact]
    public void Scores_RepetitionPenalty_DividesPositiveAndMultipliesNegative()
    {
        using var scope = NewDisposeScope();
        using var choice = new TokenChoice(new GenerationSpec { RepetitionPenalty = 2 }, [[0, 1]], [0], 5, CPU);
        var logits = tensor(Logits).view(1, 5);
        Assert.Equal([1f, -2f, 0.5f, 3f, 0f], choice.Scores(logits, [0]).data<float>().ToArray());
        Assert.Equal([3L], choice.Choose(choice.Scores(logits, [0]), [0]).data<long>().ToArray());
        Assert.Equal([1f, -2f, 0.5f, 1.5f, 0f], choice.Scores(logits, [0]).data<float>().ToArray()); // token 3 has occurred now
    }

    [Fact]
    public void Scores_TopKThenTopP_FollowTheTemperature()
    {
        using var scope = NewDisposeScope();
        var spec = new GenerationSpec { Temperature = 0.5, TopK = 3, TopP = 0.9 };
        using var choice = new TokenChoice(spec, [[0]], [0], 5, CPU);
        // Divided by 0.5: 4, -2, 1, 6, 0. Top 3: 4, 1, 6 with shares 0.1184, 0.0059, 0.8757; 0.9 needs two of them.
        Assert.Equal([4f, float.NegativeInfinity, float.NegativeInfinity, 6f, float.NegativeInfinity], choice.Scores(tensor(Logits).view(1, 5), [0]).data<float>().ToArray());
    }

    [Fact]
    public void Choose_ManyDraws_FollowTheDistribution()
    {
        using var scope = NewDisposeScope();
        const int rows = 20_000;
        using var choice = new TokenChoice(new GenerationSpec { Temperature = 1, Seed = 3 }, [.. Enumerable.Repeat<int[]>([0], rows)], [.. Enumerable.Range(0, rows)], 5, CPU);
        var logits = tensor(Logits).view(1, 5).expand(rows, 5);
        var all = Enumerable.Range(0, rows).ToArray();
        var drawn = choice.Choose(choice.Scores(logits, all), all).data<long>().ToArray();
        var expected = tensor(Logits).softmax(0).data<float>().ToArray();
        for (var token = 0; token < 5; token++)
            Assert.Equal(expected[token], drawn.Count(d => d == token) / (double)rows, 0.015);
    }
}
