using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>Generation against Hugging Face's generate() (../shared/goldens/greedy.json).</summary>
public class BatchGeneratorTests
{
    [Theory, InlineData("qwen2-tiny"), InlineData("qwen2-tiny-amateur"), InlineData("llama-tiny")]
    public void Generate_Greedy_GivesPublishedIdsAloneAndInBatches(string name)
    {
        using var model = Goldens.Model(name);
        var cases = Goldens.Json("greedy.json")["models"]![name]!["cases"]!.AsArray();
        var prompts = cases.Select(c => c!["prompt_ids"]!.Ids()).ToArray();
        var spec = new GenerationSpec { MaxNewTokens = 40 };
        foreach (var batchSize in (int[])[1, 2, 3, 64])
        {
            var full = new BatchGenerator(model.Model, []).Generate(prompts, spec, batchSize);
            var stopped = new BatchGenerator(model.Model, model.EosIds).Generate(prompts, spec, batchSize);
            for (var i = 0; i < prompts.Length; i++)
            {
                Assert.Equal(cases[i]!["generated_ids"]!.Ids(), full[i].Ids);
                Assert.Equal(cases[i]!["generated_ids_stopping_at_eos"]!.Ids(), stopped[i].Ids);
                Assert.Equal(stopped[i].Ids.Length, stopped[i].ForwardPasses);
                Assert.Equal(!model.EosIds.Contains(stopped[i].Ids[^1]), stopped[i].Cut);
                GoldenLedger.Add("goldens/greedy.json", "ids of batched generation, with and without EOS", 1);
            }
        }
    }

    [Theory, InlineData(1.0), InlineData(1.3)]
    public void Generate_ManyPromptsOfUnequalLengths_GivesWhatEachGivesAlone(double repetitionPenalty)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(23);
        var generator = new BatchGenerator(model.Model, model.EosIds);
        var spec = new GenerationSpec { MaxNewTokens = 30, RepetitionPenalty = repetitionPenalty };
        var alone = prompts.Select(prompt => generator.Generate([prompt], spec, 1)[0].Ids).ToArray();
        Assert.True(alone.Select(ids => ids.Length).Distinct().Count() > 3, "some should end early");
        foreach (var batchSize in (int[])[4, 7, 64])
            Assert.Equal(alone, generator.Generate(prompts, spec, batchSize).Select(answer => answer.Ids));
    }

    [Fact]
    public void Generate_Sampling_DependsOnSeedAndPromptOnly()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(9);
        var generator = new BatchGenerator(model.Model, []);
        var spec = new GenerationSpec { MaxNewTokens = 20, Temperature = 1.2, TopK = 40, TopP = 0.95, Seed = 7 };
        var one = generator.Generate(prompts, spec, 1).Select(answer => answer.Ids).ToArray();
        Assert.Equal(one, generator.Generate(prompts, spec, 4).Select(answer => answer.Ids));
        Assert.NotEqual(one, generator.Generate(prompts, spec with { Seed = 8 }, 4).Select(answer => answer.Ids));
        Assert.All(one, ids => Assert.Equal(20, ids.Length));
    }

    [Fact]
    public void Generate_TopKOneOrTinyTopP_IsGreedy()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(5);
        var generator = new BatchGenerator(model.Model, model.EosIds);
        var spec = new GenerationSpec { MaxNewTokens = 20 };
        var greedy = generator.Generate(prompts, spec, 5).Select(answer => answer.Ids).ToArray();
        Assert.Equal(greedy, generator.Generate(prompts, spec with { Temperature = 2, TopK = 1 }, 5).Select(answer => answer.Ids));
        Assert.Equal(greedy, generator.Generate(prompts, spec with { Temperature = 2, TopP = 1e-6 }, 5).Select(answer => answer.Ids));
    }

    /// <summary>Some prompts fill several pieces, and what all begin with is read once; neither changes an answer.</summary>
    [Fact]
    public void Generate_PromptsThatBeginAlike_GivesWhatEachGivesAlone()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var generator = new BatchGenerator(model.Model, model.EosIds);
        int[] shared = [.. Enumerable.Range(0, 300).Select(i => 4 + i % 11)];
        var prompts = Prompts(7).Select(prompt => (int[])[.. shared, .. prompt]).ToArray();
        var spec = new GenerationSpec { MaxNewTokens = 20 };
        var alone = prompts.Select(prompt => generator.Generate([prompt], spec, 1)[0].Ids).ToArray();
        Assert.Equal(alone, generator.Generate(prompts, spec, 3).Select(answer => answer.Ids));
    }

    [Fact]
    public void Generate_WithStates_GivesWhatEachTokenWasChosenBy()
    {
        using var scope = NewDisposeScope();
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(9);
        var answers = new BatchGenerator(model.Model, model.EosIds)
            .Generate(prompts, [.. Enumerable.Range(0, 9)], new GenerationSpec { MaxNewTokens = 30 }, 4, out var states);
        Assert.Equal(answers.SelectMany(answer => answer.Ids), model.Model.Argmax(states).data<long>().ToArray().Select(id => (int)id));
        var at = 0L;
        foreach (var (prompt, answer) in prompts.Zip(answers))
        {
            var whole = model.Model.Hidden(Goldens.Batch([.. prompt, .. answer.Ids[..^1]]))[0].narrow(0,
                prompt.Length - 1, answer.Ids.Length);
            Assert.True(Goldens.LargestDifference(whole, states.narrow(0, at, answer.Ids.Length)) < 1e-3);
            at += answer.Ids.Length;
        }
    }

    [Fact]
    public void Generate_PromptAtTheEndOfTheContext_IsCutThereOrRefused()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var generator = new BatchGenerator(model.Model, [], context: 12);
        Assert.Equal([2, 9], generator.Generate([[.. Enumerable.Range(5, 10)], [5, 6, 7]], new GenerationSpec { MaxNewTokens = 30 }, 2)
            .Select(answer => answer.Ids.Length));
        var error = Assert.Throws<InvalidDataException>(() =>
            generator.Generate([[5], [.. Enumerable.Range(5, 12)]], new GenerationSpec(), 2));
        Assert.Contains("prompt 2 has 12 tokens, but the model's context ends at 12", error.Message);
    }

    [Theory, InlineData(0.0), InlineData(1.0)]
    public void Generate_WeightsThatAreNotANumber_Fails(double temperature)
    {
        using var model = Goldens.Model("qwen2-tiny");
        using (no_grad())
            model.Model.Weights[^1].fill_(double.NaN);
        var error = Assert.Throws<InvalidDataException>(() =>
            new BatchGenerator(model.Model, [3]).Generate([[5, 6]], new GenerationSpec { Temperature = temperature }, 1));
        Assert.Contains("logits are not finite", error.Message);
    }

    /// <summary>Prompts of many lengths, some near the end of their text: the golden prompts, each with a piece of its answer.</summary>
    internal static int[][] Prompts(int count)
    {
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                var (prompt, answer) = (golden[i % golden.Count]!["prompt_ids"]!.Ids(), golden[i % golden.Count]!["generated_ids"]!.Ids());
                return (int[])[.. prompt, .. answer[..(i * 5 % (answer.Length - 1))]];
            })
        ];
    }
}
