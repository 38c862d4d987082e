using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Block generation against the published function (../shared/goldens/block-generate.json).</summary>
public class BlockGeneratorTests
{
    /// <summary>
    /// The published loop stops all rows when one of them has an EOS, goes on to whole blocks and pads; each row's text up to its own first
    /// EOS and the limit must be ours.
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
            var pads = Enumerable.Range(0, call["prompt_ids"]!.AsArray().Count)
                .Select(row => call["attention_mask"]?[row]!.Ids().Count(m => m == 0) ?? 0).ToArray();
            int[][] prompts = [.. pads.Select((pad, row) => call["prompt_ids"]![row]!.Ids()[pad..])];
            var answers = new BlockGenerator(model.Model, eos, [eos])
                .Generate(prompts, (int)call["add_eos_length"]! + 1, Math.Max(1, (int)call["refine_iter"]!), limit, 8);
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
                    Assert.True(answers[row].ForwardPasses <= (int)call["forward_calls"]!,
                        $"{answers[row].ForwardPasses} passes: "
                        + $"{call["name"]?.ToJsonString() + (int)call["refine_iter"]! + " " + (int)call["add_eos_length"]! + " "
                            + call["forward_calls"]}");
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

    /// <summary>
    /// Greedy ids, in at most as many passes as the goldens' (where a pass that only confirms is counted unless it is the block's last
    /// possible).
    /// </summary>
    [Fact]
    public void Generate_Converge_GivesTheGoldenIdsInNoMorePasses()
    {
        using var model = Goldens.Model("qwen2-tiny");
        JsonObject[] lines = [.. Lines("converge.jsonl")];
        var prompts = Lines("prompts.jsonl").ToDictionary(prompt => (int)prompt["prompt"]!, prompt => prompt["prompt_ids"]!.Ids());
        var greedy = lines.Where(line => line["new_ids"] is not null)
            .ToDictionary(line => (int)line["prompt"]!, line => line["new_ids"]!.Ids());
        foreach (var golden in lines)
        {
            var (prompt, length) = ((int)golden["prompt"]!, (int)golden["N"]!);
            var answer = new BlockGenerator(model.Model, 3, [])
                .Generate([prompts[prompt]], length, null, (int)golden["blocks"]! * length, 1)[0];
            Assert.Equal(greedy[prompt], answer.Ids.Take(greedy[prompt].Length));
            Assert.InRange(answer.ForwardPasses, (int)golden["blocks"]!, (int)golden["forwards_without_last_check"]!);
            GoldenLedger.Add("goldens/interleaved", "converge: greedy ids in no more passes", 1);
        }

        static IEnumerable<JsonObject> Lines(string file) =>
            File.ReadLines(Path.Combine(Goldens.Folder, "interleaved", file)).Select(line => JsonNode.Parse(line)!.AsObject());
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Generate_ConvergeOnARandomModel_IsGreedy(int seed)
    {
        using var model = CausalLM.Create(DecoderConfig.Parse(new JsonObject
        {
            ["architectures"] = new JsonArray("Qwen2ForCausalLM"),
            ["model_type"] = "qwen2",
            ["vocab_size"] = 97,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["max_position_embeddings"] = 128,
            ["tie_word_embeddings"] = seed % 2 == 0,
        }, "random"), TorchSharp.torch.ScalarType.Float32, TorchSharp.torch.CPU, initSeed: seed);
        var random = new Random(seed);
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(_ =>
            Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(97)).ToArray())];
        int[] end = seed % 2 == 0 ? [5] : [];
        var greedy = new BatchGenerator(model, end).Generate(prompts, new GenerationSpec { MaxNewTokens = 30 }, 8);
        foreach (var length in (int[])[1, 3, 8, 30])
        {
            var blocks = new BlockGenerator(model, 5, end).Generate(prompts, length, null, 30, 3);
            Assert.Equal(greedy.Select(a => a.Ids), blocks.Select(a => a.Ids));
            Assert.All(blocks, answer => Assert.InRange(answer.ForwardPasses, 1, 30));
        }
    }

    /// <summary>As many passes as tokens, or until nothing changes.</summary>
    [Theory, InlineData(8), InlineData(null)]
    public void Generate_UntilNothingChanges_IsGreedyInFewerPasses(int? passes)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = BatchGeneratorTests.Prompts(6);
        foreach (var end in (int[][])[[], [3]])
        {
            var greedy = new BatchGenerator(model.Model, end).Generate(prompts, new GenerationSpec { MaxNewTokens = 20 }, 6);
            var blocks = new BlockGenerator(model.Model, 3, end).Generate(prompts, 8, passes, 20, 6);
            Assert.Equal(greedy.Select(a => a.Ids), blocks.Select(a => a.Ids));
            Assert.Equal(greedy.Select(a => a.Cut), blocks.Select(a => a.Cut));
            Assert.True(blocks.Sum(a => a.ForwardPasses) < greedy.Sum(a => a.ForwardPasses),
                "every pass gives at least one token, some give more");
        }
    }
}
