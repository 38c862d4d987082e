using LightReasoner.Api;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Generation;

/// <summary>Generation against Hugging Face's generate() (../shared/goldens/greedy.json).</summary>
public class TextGeneratorTests
{
    [Theory, InlineData("qwen2-tiny"), InlineData("qwen2-tiny-amateur"), InlineData("llama-tiny")]
    public void Generate_Greedy_GivesPublishedIdsAloneAndInBatches(string name)
    {
        using var model = Goldens.Model(name);
        var cases = Goldens.Json("greedy.json")["models"]![name]!["cases"]!.AsArray();
        var prompts = cases.Select(c => c!["prompt_ids"]!.Ids()).ToArray();
        var generator = new TextGenerator(model);
        var spec = new GenerationSpec { MaxNewTokens = 40 };
        foreach (var batchSize in (int[])[1, 2, 3, 64])
        {
            var full = generator.Generate(prompts, spec, batchSize, ignoreEos: true);
            var stopped = generator.Generate(prompts, spec, batchSize);
            for (var i = 0; i < prompts.Length; i++)
            {
                Assert.Equal(cases[i]!["generated_ids"]!.Ids(), full[i].Ids);
                Assert.Equal(cases[i]!["generated_ids_stopping_at_eos"]!.Ids(), stopped[i].Ids);
                Assert.Equal(stopped[i].Ids.Length, stopped[i].ForwardPasses);
            }
        }
    }

    [Theory, InlineData(1.0), InlineData(1.3)]
    public void Generate_ManyPromptsOfUnequalLengths_GivesWhatEachGivesAlone(double repetitionPenalty)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(23);
        var generator = new TextGenerator(model);
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
        var generator = new TextGenerator(model);
        var spec = new GenerationSpec { MaxNewTokens = 20, Temperature = 1.2, TopK = 40, TopP = 0.95, Seed = 7 };
        var one = generator.Generate(prompts, spec, 1, ignoreEos: true).Select(answer => answer.Ids).ToArray();
        Assert.Equal(one, generator.Generate(prompts, spec, 4, ignoreEos: true).Select(answer => answer.Ids));
        Assert.NotEqual(one, generator.Generate(prompts, spec with { Seed = 8 }, 4, ignoreEos: true).Select(answer => answer.Ids));
        Assert.All(one, ids => Assert.Equal(20, ids.Length));
    }

    [Fact]
    public void Generate_TopKOneOrTinyTopP_IsGreedy()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Prompts(5);
        var generator = new TextGenerator(model);
        var spec = new GenerationSpec { MaxNewTokens = 20 };
        var greedy = generator.Generate(prompts, spec, 5).Select(answer => answer.Ids).ToArray();
        Assert.Equal(greedy, generator.Generate(prompts, spec with { Temperature = 2, TopK = 1 }, 5).Select(answer => answer.Ids));
        Assert.Equal(greedy, generator.Generate(prompts, spec with { Temperature = 2, TopP = 1e-6 }, 5).Select(answer => answer.Ids));
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
