using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Block generation against the published function (../shared/goldens/block-generate.json).</summary>
public class BlockGeneratorTests
{
    /// <summary>
    /// The published loop stops all rows when one of them has an EOS, goes on to whole blocks and pads; each row's text up to its own first EOS and the limit must be ours.
    /// </summary>
    [Theory, InlineData("calls"), InlineData("extra_calls")]
    public void Generate_PublishedCalls_GivesThePublishedIdsUpToEosAndLimit(string section)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var compared = 0;
        foreach (var call in Goldens.Json("block-generate.json")[section]!.AsArray())
        {
            var (eos, limit) = ((int)call!["eos_token_id"]!, (int)call["max_new_tokens"]!);
            // Left padding is taken off: rows of unequal lengths need none here, and rotary positions are relative.
            var pads = Enumerable.Range(0, call["prompt_ids"]!.AsArray().Count).Select(row => call["attention_mask"]?[row]!.Ids().Count(m => m == 0) ?? 0).ToArray();
            int[][] prompts = [.. pads.Select((pad, row) => call["prompt_ids"]![row]!.Ids()[pad..])];
            var answers = new BlockGenerator(model.Model, eos, [eos]).Generate(prompts, (int)call["add_eos_length"]! + 1, Math.Max(1, (int)call["refine_iter"]!), limit, 8);
            for (var row = 0; row < prompts.Length; row++)
            {
                if (prompts[row].Contains(eos))
                    continue; // there the published cut is in the prompt
                var expected = call["output_ids"]![row]!.Ids()[(pads[row] + prompts[row].Length)..];
                if (Array.IndexOf(expected, eos) is >= 0 and var end)
                    expected = expected[..(end + 1)];
                int[] known = [.. expected.Take(limit)];
                Assert.Equal(known, answers[row].Ids.Take(known.Length));
                Assert.InRange(answers[row].Ids.Length, known.Length, limit);
                Assert.Equal(answers[row].Cut, !answers[row].Ids.Contains(eos));
                if (prompts.Length == 1 && expected.Length >= answers[row].Ids.Length) // the published loop may end earlier, at max_length
                    Assert.True(answers[row].ForwardPasses <= (int)call["forward_calls"]!, $"{answers[row].ForwardPasses} passes: {call["name"]?.ToJsonString() + (int)call["refine_iter"]! + " " + (int)call["add_eos_length"]! + " " + call["forward_calls"]}");
                compared++;
                GoldenLedger.Add("goldens/block-generate.json", $"ids of {section} up to EOS and limit, by row", 1);
            }
        }
        Assert.True(compared >= (section == "calls" ? 18 : 20), $"{compared} rows");
    }

    [Theory, InlineData(8, 1), InlineData(8, 3), InlineData(5, 2), InlineData(1, 2)]
    public void Generate_ManyPrompts_GivesWhatEachGivesAlone(int blockLength, int passes)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var generator = new BlockGenerator(model.Model, 3, [3]);
        var prompts = BatchGeneratorTests.Prompts(19);
        var alone = prompts.Select(prompt => generator.Generate([prompt], blockLength, passes, 21, 1)[0]).ToArray();
        Assert.All(alone, answer => Assert.InRange(answer.Ids.Length, 1, 21));
        foreach (var batchSize in (int[])[3, 8, 64])
        {
            var together = generator.Generate(prompts, blockLength, passes, 21, batchSize);
            Assert.Equal(alone.Select(a => a.Ids), together.Select(a => a.Ids));
            Assert.Equal(alone.Select(a => a.ForwardPasses), together.Select(a => a.ForwardPasses));
        }
    }

    /// <summary>As many passes as tokens, or until nothing changes.</summary>
    [Theory, InlineData(8), InlineData(null)]
    public void Generate_UntilNothingChanges_IsGreedyInFewerPasses(int? passes)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = BatchGeneratorTests.Prompts(6);
        foreach (int[] end in (int[][])[[], [3]])
        {
            var greedy = new BatchGenerator(model.Model, end).Generate(prompts, new GenerationSpec { MaxNewTokens = 20 }, 6);
            var blocks = new BlockGenerator(model.Model, 3, end).Generate(prompts, 8, passes, 20, 6);
            Assert.Equal(greedy.Select(a => a.Ids), blocks.Select(a => a.Ids));
            Assert.Equal(greedy.Select(a => a.Cut), blocks.Select(a => a.Cut));
            Assert.True(blocks.Sum(a => a.ForwardPasses) < greedy.Sum(a => a.ForwardPasses), "every pass gives at least one token, some give more");
        }
    }
}
