using System.Diagnostics;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>
/// Decoding and fine-tuning of random weights in the shapes of Qwen2.5, set against what the device could do at most: decoding against its memory bandwidth, since every
/// pass reads all weights, training against its arithmetic.
/// </summary>
/// <param name="device">Where to measure.</param>
/// <param name="bandwidth">Bytes per second of the device's memory.</param>
/// <param name="flops">Peak floating-point operations per second in bfloat16.</param>
internal sealed class DeviceBench(Device device, double bandwidth, double flops)
{
    private const int Batch = 64, Prompt = 128, NewTokens = 128, Length = 256, Rounds = 3;

    private static readonly Dictionary<string, DecoderConfig> s_shapes = new()
    {
        ["0.5B"] = Shape(151936, 896, 4864, 24, 14, 2, tied: true),
        ["1.5B"] = Shape(151936, 1536, 8960, 28, 12, 2, tied: true),
        ["7B"] = Shape(152064, 3584, 18944, 28, 28, 4, tied: false),
        ["tiny"] = Shape(2048, 128, 256, 2, 2, 1, tied: true), // a trial of the program itself
    };

    public static IEnumerable<string> Shapes => s_shapes.Keys;

    public void Run(string name)
    {
        using var model = new LoadedModel(CausalLM.Create(s_shapes[name], ScalarType.BFloat16, device, initSeed: 1), new GenerationConfig([], null, null), "");
        using var amateur = new LoadedModel(CausalLM.Create(s_shapes["tiny"] with { VocabSize = s_shapes[name].VocabSize }, ScalarType.BFloat16, device, initSeed: 2), new GenerationConfig([], null, null), "");
        double weights = model.Model.NamedParameters().Sum(p => p.Value.numel());
        Console.WriteLine(new JsonObject
        {
            ["shape"] = name,
            ["parameters"] = weights,
            ["sampling"] = Sampling(model, amateur, 2 * weights),
            ["fineTuning"] = FineTuning(model, weights),
        }.ToJsonString());
    }

    /// <summary>The expert's decoding beside an amateur of no weight.</summary>
    private JsonObject Sampling(LoadedModel model, LoadedModel amateur, double bytesOfWeights)
    {
        var random = new Random(1);
        int[][] prompts = [.. Enumerable.Range(0, Batch).Select(_ => Ids(random, model, Prompt))];
        var spec = new SamplingRunSpec { BatchSize = Batch, Generation = new GenerationSpec { MaxNewTokens = NewTokens }, Selection = new SelectionSpec { Beta = 1000 } };
        using var sampler = new ContrastiveSampler(model, amateur, null!, spec);
        sampler.Compare(prompts[..4], [0, 1, 2, 3]); // compiles and warms up
        var decoding = Median([.. Enumerable.Range(0, Rounds).Select(_ => Decode(sampler, prompts))])!;
        return new JsonObject
        {
            ["tokensPerSecond"] = decoding.TokensPerSecond,
            ["shareOfBandwidth"] = decoding.TokensPerSecond / Batch * bytesOfWeights / bandwidth,
            ["waitsPerStep"] = decoding.WaitsPerStep,
        };
    }

    private static Decoding Decode(ContrastiveSampler sampler, int[][] prompts)
    {
        var (waits, steps, start) = (HostCopy.Waits, 0, Stopwatch.GetTimestamp());
        var tokens = sampler.Compare(prompts, [.. Enumerable.Range(0, Batch)], progress: _ => steps++).Answers.Sum(answer => answer.Length);
        return new Decoding(tokens / Stopwatch.GetElapsedTime(start).TotalSeconds, (double)(HostCopy.Waits - waits) / steps);
    }

    private static Decoding? Median(List<Decoding> runs) => runs.OrderBy(run => run.TokensPerSecond).ElementAtOrDefault(runs.Count / 2);

    /// <param name="TokensPerSecond">Of all rows together.</param>
    /// <param name="WaitsPerStep">How often the host waited for the device.</param>
    private sealed record Decoding(double TokensPerSecond, double WaitsPerStep);

    /// <summary>LoRA steps over sequences with one label each: two passes' worth of work forward, and two back to the activations.</summary>
    private JsonObject FineTuning(LoadedModel model, double parameters)
    {
        var random = new Random(2);
        ContrastiveSample[] samples = [.. Enumerable.Range(0, 64).Select(i => new ContrastiveSample
        {
            PromptId = $"{i}", Step = 1, PrefixIds = Ids(random, model, Length), TokenIds = [1, 2], Weights = [0.5, 0.5],
        })];
        var spec = new FineTuneRunSpec { Training = new FineTuneTraining { MaxSteps = 4, BatchSize = 8, GradientAccumulationSteps = 2, Packing = SamplePacking.None } };
        using var trainer = new LoraTrainer(model, null, samples, spec);
        trainer.TrainStep();
        var (before, start) = (trainer.TokensSeen, Stopwatch.GetTimestamp());
        for (var step = 0; step < 3; step++)
            trainer.TrainStep();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double tokens = trainer.TokensSeen - before;
        return new JsonObject { ["tokensPerSecond"] = tokens / seconds, ["shareOfPeak"] = 4 * parameters * tokens / flops / seconds };
    }

    private static int[] Ids(Random random, LoadedModel model, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(model.Model.Config.VocabSize))];

    private static DecoderConfig Shape(int vocabulary, int hidden, int intermediate, int layers, int heads, int kvHeads, bool tied) => new()
    {
        Architecture = "Qwen2ForCausalLM",
        VocabSize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumLayers = layers,
        NumHeads = heads,
        NumKvHeads = kvHeads,
        HeadDim = hidden / heads,
        RopeTheta = 1e6,
        RmsNormEps = 1e-6,
        AttentionBias = true,
        TieWordEmbeddings = tied,
        MaxPositionEmbeddings = 4096,
    };
}
