using System.Text.Json.Nodes;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Faults;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>
/// Every published decoding (../shared/goldens), asked of the command <c>worker generate</c> as a process: ids, and forward passes.
/// </summary>
[Trait("Suite", "long")]
public sealed class GenerateGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Token by token, blockwise and self-aware. The published decoders keep what stands behind an EOS in its block, and stop after so many
    /// blocks: up to the EOS, or to as many tokens, ours must be the same.
    /// </summary>
    [Theory, InlineData("ar", 14), InlineData("blockwise", 52), InlineData("self_aware", 150), InlineData("interleaved_generate", 59)]
    public async Task Generate_InterleavedDecodings_AreThePublishedOnes(string method, int cases)
    {
        var prompts = Lines("prompts.jsonl").ToDictionary(prompt => (int)prompt["prompt"]!, prompt => prompt["prompt_ids"]!.Ids());
        var asked = Lines("generate.jsonl").Where(golden => (string)golden["method"]! == method).Select(golden =>
        {
            var eos = (int)golden["eos"]!;
            int[] prompt = prompts[(int)golden["prompt"]!],
                ids = golden["new_ids"]?.Ids() ?? golden["output_ids"]!.Ids()[prompt.Length..];
            var block = (int?)golden["block_size"] ?? (int?)golden["num_masks"] + 1 ?? 0;
            var options = method switch
            {
                "ar" => "",
                "self_aware" => FormattableString.Invariant($"--decoder self-aware --block-size {block} --threshold {golden["threshold"]}"),
                _ => $"--decoder blockwise --block-size {block}",
            };
            // Where no EOS ends it, it goes on for as long as the published program did.
            var ends = ids.Contains(eos);
            return new Asked(eos, $"{options} --max-new-tokens {(ends ? 400 : ids.Length)}", prompt,
                ends ? ids[..(Array.IndexOf(ids, eos) + 1)] : ids, (int)golden["forwards"]!);
        }).ToArray();
        Assert.Equal(cases, asked.Length);
        await CompareAsync(asked, "goldens/interleaved", $"command line, {method}: ids and forward passes",
            (golden, passes) => Assert.Equal(golden.Forwards, passes));
    }

    /// <summary>Greedy ids, in at most as many passes as were counted without those that only confirm.</summary>
    [Fact]
    public async Task Generate_UntilNothingChanges_IsGreedy()
    {
        var prompts = Lines("prompts.jsonl").ToDictionary(prompt => (int)prompt["prompt"]!, prompt => prompt["prompt_ids"]!.Ids());
        JsonObject[] lines = [.. Lines("converge.jsonl")];
        var ids = lines.Where(golden => golden["new_ids"] is not null)
            .ToDictionary(golden => (int)golden["prompt"]!, golden => golden["new_ids"]!.Ids());
        Asked[] asked = [.. lines.Select(golden => new Asked(3, $"--block {golden["N"]} --refine converge --ignore-eos --max-new-tokens 40",
            prompts[(int)golden["prompt"]!], ids[(int)golden["prompt"]!], (int)golden["forwards_without_last_check"]!))];
        Assert.Equal(80, asked.Length);
        await CompareAsync(asked, "goldens/interleaved", "command line, converge: ids, and no more forward passes",
            (golden, passes) => Assert.InRange(passes, 1, golden.Forwards));
    }

    /// <summary>Up to EOS and limit; see BlockGeneratorTests for what the published loop does beyond.</summary>
    [Fact]
    public async Task Generate_BlockCalls_AreThePublishedOnes()
    {
        JsonNode golden = Goldens.Json("block-generate.json");
        var asked = golden["calls"]!.AsArray().Concat(golden["extra_calls"]!.AsArray()).SelectMany(call =>
        {
            var (eos, limit) = ((int)call!["eos_token_id"]!, (int)call["max_new_tokens"]!);
            var options = $"--block {(int)call["add_eos_length"]! + 1} --refine {Math.Max(1, (int)call["refine_iter"]!)} "
                + $"--max-new-tokens {limit}";
            return call["prompt_ids"]!.AsArray().Select((row, i) =>
            {
                var pads = call["attention_mask"]?[i]!.Ids().Count(mask => mask == 0) ?? 0;
                int[] prompt = row!.Ids()[pads..], ids = call["output_ids"]![i]!.Ids()[row!.AsArray().Count..];
                int[] known = [.. (Array.IndexOf(ids, eos) is >= 0 and var end ? ids[..(end + 1)] : ids).Take(limit)];
                // A loop that ended by another row, or at max_length, says nothing of what would have come.
                var whole = known.Contains(eos) || known.Length == limit;
                return new Asked(eos, options, prompt, known, whole && call["prompt_ids"]!.AsArray().Count == 1
                    ? (int)call["forward_calls"]! : int.MaxValue)
                { IsWhole = whole };
            });
        }).Where(golden => !golden.Prompt.Contains(golden.Eos)).ToArray(); // there the published cut is in the prompt
        Assert.InRange(asked.Length, 38, 60);
        await CompareAsync(asked, "goldens/block-generate.json", "command line: ids up to EOS and limit, and no more forward passes",
            (golden, passes) => Assert.InRange(passes, 1, golden.Forwards));
    }

    /// <summary>One process for all that share model and options.</summary>
    private async Task CompareAsync(Asked[] asked, string file, string what, Action<Asked, int> passes)
    {
        foreach (var group in asked.GroupBy(golden => (golden.Eos, golden.Options)))
        {
            using var worker = WorkerProcess.Start(
                ["generate", "--model", Model(group.Key.Eos), "--dtype", "float32", .. group.Key.Options.Split(' ',
                    StringSplitOptions.RemoveEmptyEntries)],
                new Dictionary<string, string>(),
                string.Concat(group.Select(golden => $"{{\"ids\":[{string.Join(',', golden.Prompt)}]}}\n")));
            var (code, errors) = await worker.ResultAsync();
            Assert.True(code == 0, errors);
            JsonNode[] answers = [.. (await worker.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!)];
            Assert.Equal(group.Count(), answers.Length);
            foreach (var (golden, answer) in group.Zip(answers))
            {
                var ids = answer["ids"]!.Ids();
                Assert.Equal(golden.Ids, golden.IsWhole ? ids : ids.Take(golden.Ids.Length));
                passes(golden, (int)answer["forwards"]!);
                GoldenLedger.Add(file, what, 1);
            }
        }
    }

    /// <summary>The goldens' model, ending answers at an id, which masks are too.</summary>
    private string Model(int eos)
    {
        string source = Path.Combine(Goldens.Folder, "qwen2-tiny"), folder = _folder[$"eos-{eos}"];
        if (Directory.Exists(folder)) return folder;
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(source))
        {
            var target = Path.Combine(folder, Path.GetFileName(file));
            if (!file.EndsWith("config.json", StringComparison.Ordinal)) File.Copy(file, target);
            else
            {
                var config = JsonNode.Parse(File.ReadAllText(file))!;
                config["eos_token_id"] = eos;
                File.WriteAllText(target, config.ToJsonString());
            }
        }
        return folder;
    }

    private static IEnumerable<JsonObject> Lines(string file) =>
        File.ReadLines(SharedFolder.Of($"goldens/interleaved/{file}")).Select(line => JsonNode.Parse(line)!.AsObject());

    /// <summary>A prompt, and what the published program made of it.</summary>
    private sealed record Asked(int Eos, string Options, int[] Prompt, int[] Ids, int Forwards)
    {
        /// <summary>Whether the ids are the whole answer, rather than its beginning.</summary>
        public bool IsWhole { get; init; } = true;
    }
}
