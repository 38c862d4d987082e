using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Interleaved-mask training against the published program (../shared/goldens/interleaved).</summary>
public class InterleavedGoldenTests
{
    private const int Eos = 3;

    [Fact]
    public void Layout_PublishedRecords_HavePublishedIdsPositionsAndLabels()
    {
        foreach (var golden in Lines("layout.jsonl"))
        {
            // Where padding is EOS the published program loses the EOS, and masks of another token than EOS are never trained on.
            if ((int)golden["pad_token_id"]! == Eos || (int)golden["mask_token_id"]! != Eos)
                continue;
            var expected = golden["expected"]!;
            var request = new JsonObject
            {
                ["prompt"] = golden["prompt_ids"]!.DeepClone(),
                ["response"] = golden["response_ids"]!.DeepClone()
            }.ToJsonString();
            if (expected["error"] is not null)
            {
                Assert.Contains("more than maxLength", Assert.Throws<WorkerException>(() => Layout(request, golden)).Message);
                continue;
            }
            // The published program lowers the prompt's length by nothing in left truncation, so that response tokens count as prompt.
            if ((string)golden["truncation"]! == "left")
                continue;
            var layout = Layout(request, golden);
            Assert.Equal(expected["input_ids"]!.Ids(), layout["ids"]!.Ids());
            Assert.Equal(expected["position_ids"]!.Ids(), layout["positions"]!.Ids());
            Assert.Equal(expected["labels"]!.Ids(), layout["labels"]!.Ids());
            GoldenLedger.Add("goldens/interleaved", "ids, positions and labels of a layout", 1);
        }
    }

    [Fact]
    public void Layout_PublishedRecords_HavePublishedMasks()
    {
        foreach (var golden in Lines("masks.jsonl"))
        {
            foreach (var row in golden["rows"]!.AsArray())
            {
                var request = new JsonObject
                {
                    ["prompt"] = row!["prompt_ids"]!.DeepClone(),
                    ["response"] = row["response_ids"]!.DeepClone()
                }.ToJsonString();
                var length = (int)row["seq_len"]!;
                Assert.Equal(row["mask"]!.AsArray().Take(length).Select(line => ((string)line!)[..length]),
                    Layout(request, golden)["mask"]!.AsArray().Select(line => (string)line!));
                GoldenLedger.Add("goldens/interleaved", "attention masks", 1);
            }
        }
    }

    [Fact]
    public void TrainStep_PublishedBatches_GivesPublishedLossesAndGradients()
    {
        foreach (var golden in Lines("loss.jsonl"))
        {
            if ((int)golden["pad_token_id"]! == Eos)
                continue;
            using var folder = new TemporaryFolder();
            using var model = Goldens.Model("qwen2-tiny");
            var records = golden["records"]!.AsArray();
            var sequences = records.Select(record => RefineSequence.Build(
                record!["prompt_ids"]!.Ids(), record["response_ids"]!.Ids(), Eos, EosTail.OfLength(1), (int)golden["max_length"]!,
                    Truncation.Right)).ToArray();
            if (sequences.All(sequence => sequence.Targets <= 0))
                continue; // the published loss is NaN
            using var trainer = new RefineTrainer(model, Eos, sequences, new RefineRunSpec
            {
                Objective = RefineObjective.Interleaved,
                Interleaved = new InterleavedSpec { BlockSize = (int)golden["block_size"]! },
                Training = new RefineTraining
                {
                    MaxSteps = 1,
                    BatchSize = records.Count,
                    GradientAccumulationSteps = 1,
                    MaxGradNorm = 1e9,
                    WarmupRatio = 0
                },
            });
            var metrics = trainer.TrainStep();
            GoldenLedger.AddWithin("goldens/interleaved", "loss of a batch", 1,
                Math.Abs((double)golden["loss"]! - metrics.LossTotal!.Value), 1e-4);
            var norm = (double)golden["grad_norm_before_clipping"]!;
            GoldenLedger.AddWithin("goldens/interleaved", "gradient norm, relative", 1,
                Math.Abs(norm - metrics.GradNorm!.Value) / norm, 1e-4);
            trainer.SaveState(folder.Path);
            using var scope = NewDisposeScope();
            using var moments = new SafetensorsFile(folder["optimizer.safetensors"]);
            foreach (var (name, expected) in golden["grad_norm_per_parameter"]!.AsObject())
                Assert.Equal((double)expected!, moments.Load($"{name}.exp_avg").norm().item<float>() / (1 - 0.9),
                    1e-4 * Math.Max(norm, (double)expected!));
        }
    }

    [Fact]
    public void Generate_PublishedDecodings_GivesPublishedIdsAndForwards()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var prompts = Lines("prompts.jsonl").ToDictionary(prompt => (int)prompt["prompt"]!, prompt => prompt["prompt_ids"]!.Ids());
        foreach (var golden in Lines("generate.jsonl").Where(line => (string?)line["method"] is "blockwise" or "self_aware"))
        {
            var eos = (int)golden["eos"]!;
            var expected = golden["new_ids"]!.Ids();
            var answer = new InterleavedGenerator(model.Model, eos, [eos])
                .Generate([prompts[(int)golden["prompt"]!]], (int)golden["block_size"]!,
                    (double?)golden["threshold"], expected.Length, 1)[0];
            // The published decoders keep what stands behind an EOS in its block.
            Assert.Equal(Array.IndexOf(expected, eos) is >= 0 and var end ? expected[..(end + 1)] : expected, answer.Ids);
            Assert.Equal((int)golden["forwards"]!, answer.ForwardPasses);
            GoldenLedger.Add("goldens/interleaved", $"ids and forward passes, {golden["method"]}", 1);
        }
    }

    [Fact]
    public void Generate_ManyPrompts_GivesWhatEachGivesAlone()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var generator = new InterleavedGenerator(model.Model, Eos, [Eos]);
        var prompts = BatchGeneratorTests.Prompts(19);
        foreach (var threshold in (double?[])[null, 0.5])
        {
            var alone = prompts.Select(prompt => generator.Generate([prompt], 4, threshold, 21, 1)[0]).ToArray();
            Assert.All(alone, answer => Assert.InRange(answer.Ids.Length, 1, 21));
            var together = generator.Generate(prompts, 4, threshold, 21, 5);
            Assert.Equal(alone.Select(a => a.Ids), together.Select(a => a.Ids));
            Assert.Equal(alone.Select(a => a.ForwardPasses), together.Select(a => a.ForwardPasses));
        }
    }

    private static JsonObject Layout(string request, JsonObject golden)
    {
        using var output = new MemoryStream();
        LayoutCommand.Run(new StringReader(request), output, (int)golden["block_size"]!, (int?)golden["max_length"] ?? 2048,
            Enum.Parse<Truncation>((string?)golden["truncation"] ?? "right", ignoreCase: true), Eos);
        return JsonNode.Parse(Encoding.UTF8.GetString(output.ToArray()))!.AsObject();
    }

    private static IEnumerable<JsonObject> Lines(string file) =>
        File.ReadLines(Path.Combine(Goldens.Folder, "interleaved", file)).Select(line => JsonNode.Parse(line)!.AsObject());
}
