using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Block generation against the published function (../shared/goldens/block-generate.json).</summary>
public class BlockGeneratorTests
{
    [Theory, InlineData("calls"), InlineData("extra_calls")]
    public void Passes_InThePublishedLoop_GivePublishedIds(string section)
    {
        using var model = Goldens.Model("qwen2-tiny");
        foreach (var call in Goldens.Json("block-generate.json")[section]!.AsArray())
        {
            // Left padding is taken off and put back: rows of unequal lengths need none here, and rotary positions are relative.
            var pads = Enumerable.Range(0, call!["prompt_ids"]!.AsArray().Count).Select(row => call["attention_mask"]?[row]!.Ids().Count(m => m == 0) ?? 0).ToArray();
            var ids = PublishedBlockGeneration.Generate(
                model.Model, [.. pads.Select((pad, row) => call["prompt_ids"]![row]!.Ids()[pad..])], (int)call["eos_token_id"]!, (int)call["pad_token_id"]!,
                (int)call["add_eos_length"]! + 1, (int)call["refine_iter"]!, (int)call["max_new_tokens"]!, (int)call["max_length"]!);
            for (var row = 0; row < pads.Length; row++)
                Assert.Equal(call["output_ids"]![row]!.Ids()[pads[row]..], ids[row]);
            GoldenLedger.Add("goldens/block-generate.json", $"ids of {section}, our passes in the published loop", 1);
        }
    }

    [Fact]
    public void Generate_PublishedCallsAlone_GivesTheSameUpToEosAndLimit()
    {
        using var model = Goldens.Model("qwen2-tiny");
        foreach (var call in Goldens.Json("block-generate.json")["calls"]!.AsArray())
        {
            var prompt = call!["prompt_ids"]![0]!.Ids();
            var limit = (int)call["max_new_tokens"]!;
            var expected = call["output_ids"]![0]!.Ids()[prompt.Length..];
            var end = Array.IndexOf(expected, 3);
            if (end >= 0)
                expected = expected[..(end + 1)];
            var answer = new BlockGenerator(model, 3).Generate([prompt], (int)call["add_eos_length"]! + 1, (int)call["refine_iter"]!, limit)[0];
            Assert.Equal(expected.Take(limit), answer.Ids);
            Assert.True(answer.ForwardPasses <= (int)call["forward_calls"]!);
            GoldenLedger.Add("goldens/block-generate.json", "ids of calls up to EOS and limit, with cache", 1);
        }
    }

    [Theory, InlineData(8, 1), InlineData(8, 3), InlineData(5, 2), InlineData(1, 2)]
    public void Generate_ManyPrompts_GivesWhatEachGivesAlone(int blockLength, int passes)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var generator = new BlockGenerator(model, 3);
        var prompts = TextGeneratorTests.Prompts(19);
        var alone = prompts.Select(prompt => generator.Generate([prompt], blockLength, passes, 21)[0]).ToArray();
        Assert.All(alone, answer => Assert.InRange(answer.Ids.Length, 1, 21));
        foreach (var batchSize in (int[])[3, 8, 64])
        {
            var together = generator.Generate(prompts, blockLength, passes, 21, batchSize);
            Assert.Equal(alone.Select(a => a.Ids), together.Select(a => a.Ids));
            Assert.Equal(alone.Select(a => a.ForwardPasses), together.Select(a => a.ForwardPasses));
        }
    }

    [Fact]
    public void Generate_AsManyPassesAsTokens_IsGreedy()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = TextGeneratorTests.Prompts(6);
        var greedy = new TextGenerator(model).Generate(prompts, new GenerationSpec { MaxNewTokens = 20 }, 6, ignoreEos: true);
        var blocks = new BlockGenerator(model, 3).Generate(prompts, 8, 8, 20, ignoreEos: true);
        Assert.Equal(greedy.Select(a => a.Ids), blocks.Select(a => a.Ids));
    }
}
