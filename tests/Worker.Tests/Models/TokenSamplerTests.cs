using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

public class TokenSamplerTests
{
    private static readonly float[] Logits = [2f, -1f, 0.5f, 3f, 0f];

    [Fact]
    public void Scores_RepetitionPenalty_DividesPositiveAndMultipliesNegative()
    {
        using var scope = NewDisposeScope();
        using var choice = new TokenSampler(new GenerationSpec { RepetitionPenalty = 2 }, [[0, 1]], [0], 5, CPU);
        var logits = tensor(Logits).view(1, 5);
        Assert.Equal([1f, -2f, 0.5f, 3f, 0f], choice.Scores(logits, [0]).data<float>().ToArray());
        Assert.Equal([3L], choice.Choose(logits, [0]).data<long>().ToArray());
        Assert.Equal([1f, -2f, 0.5f, 1.5f, 0f], choice.Scores(logits, [0]).data<float>().ToArray()); // token 3 has occurred now
    }

    [Fact]
    public void Scores_TopKThenTopP_FollowTheTemperature()
    {
        using var scope = NewDisposeScope();
        var spec = new GenerationSpec { Temperature = 0.5, TopK = 3, TopP = 0.9 };
        using var choice = new TokenSampler(spec, [[0]], [0], 5, CPU);
        // The largest taken away and divided by 0.5: -2, -8, -5, 0, -6. Top 3: -2, -5, 0 with shares 0.1184, 0.0059, 0.8757; 0.9 needs two
        // of them.
        Assert.Equal([-2f, float.NegativeInfinity, float.NegativeInfinity, 0f, float.NegativeInfinity],
            choice.Scores(tensor(Logits).view(1, 5), [0]).data<float>().ToArray());
    }

    [Fact]
    public void Choose_ManyDraws_FollowTheDistribution()
    {
        using var scope = NewDisposeScope();
        const int rows = 20_000;
        using var choice = new TokenSampler(new GenerationSpec { Temperature = 1, Seed = 3 }, [.. Enumerable.Repeat<int[]>([0], rows)],
            [.. Enumerable.Range(0, rows)], 5, CPU);
        var logits = tensor(Logits).view(1, 5).expand(rows, 5);
        var all = Enumerable.Range(0, rows).ToArray();
        var drawn = choice.Choose(logits, all).data<long>().ToArray();
        var expected = tensor(Logits).softmax(0).data<float>().ToArray();
        for (var token = 0; token < 5; token++)
            Assert.Equal(expected[token], drawn.Count(d => d == token) / (double)rows, 0.015);
    }

    [Theory, InlineData(1e-6), InlineData(1e-37), InlineData(1e-38), InlineData(1e-300), InlineData(4.9e-324)]
    public void Choose_TinyTemperature_IsGreedy(double temperature)
    {
        using var scope = NewDisposeScope();
        using var choice = new TokenSampler(new GenerationSpec { Temperature = temperature }, [[0], [0]], [0, 1], 5, CPU);
        Assert.Equal([3L, 3L], choice.Choose(tensor(Logits).view(1, 5).expand(2, 5), [0, 1]).data<long>().ToArray());
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void Choose_LogitsNotFinite_GivesNoToken(float value)
    {
        using var scope = NewDisposeScope();
        using var greedy = new TokenSampler(new GenerationSpec(), [[0], [0]], [0, 1], 3, CPU);
        using var drawing = new TokenSampler(new GenerationSpec { Temperature = 1 }, [[0], [0]], [0, 1], 3, CPU);
        var logits = tensor(new[] { 1f, 2f, 0f, 1f, value, 0f }).view(2, 3);
        Assert.Equal([1L, -1L], greedy.Choose(logits, [0, 1]).data<long>().ToArray());
        Assert.Equal(-1L, drawing.Choose(logits, [0, 1]).data<long>()[1]);
    }
}
