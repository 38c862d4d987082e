using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>
/// <c>bench gpu</c>: random weights in the shapes of Qwen2.5, set against what the device could do at most: decoding against its memory
/// bandwidth, since every step reads all weights and the cache, reading and training against its arithmetic.
/// </summary>
/// <param name="device">Where to measure.</param>
/// <param name="bandwidth">Bytes per second of the device's memory.</param>
/// <param name="flops">Peak operations per second in bfloat16.</param>
public sealed class DeviceBench(Device device, double bandwidth, double flops)
{
    private static readonly Dictionary<string, DecoderConfig> s_shapes = new()
    {
        ["0.5B"] = Shape(151936, 896, 4864, 24, 14, 2, tied: true),
        ["1.5B"] = Shape(151936, 1536, 8960, 28, 12, 2, tied: true),
        ["7B"] = Shape(152064, 3584, 18944, 28, 28, 4, tied: false),
        ["tiny"] = Shape(2048, 128, 256, 2, 2, 1, tied: true), // a trial of the program itself
    };

    // A CPU only tries the program out.
    private readonly int _prompt = device.type == DeviceType.CPU ? 8 : 128, _newTokens = device.type == DeviceType.CPU ? 4 : 128,
        _length = device.type == DeviceType.CPU ? 32 : 512;

    /// <summary>The command line.</summary>
    public static Command Create()
    {
        var shapes = new Option<string[]>("--shapes")
        {
            Description = "0.5B, 1.5B, 7B, or tiny.",
            DefaultValueFactory = _ =>
            ["0.5B", "1.5B", "7B"],
            AllowMultipleArgumentsPerToken = true
        };
        shapes.AcceptOnlyFromAmong([.. s_shapes.Keys]);
        var bandwidth = new Option<double>("--bandwidth")
        {
            Description = "Bytes per second of the device's memory (default: H200).",
            DefaultValueFactory = _ => 4.8e12
        };
        var flops = new Option<double>("--flops")
        {
            Description = "Peak bfloat16 operations per second (default: H200).",
            DefaultValueFactory = _ => 989e12
        };
        var minutes = new Option<double>("--minutes")
        {
            Description = "No measurement begins later than this.",
            DefaultValueFactory = _ => 7
        };
        var cpu = new Option<bool>("--cpu") { Description = "Runs on the CPU, to try the program out with --shapes tiny." };
        var command = new Command("gpu", "Measures generation, scoring and training of random weights on a GPU.") { shapes,
            bandwidth, flops, minutes, cpu };
        command.SetAction(parsed =>
        {
            if (!parsed.GetValue(cpu) && !cuda.is_available())
            {
                Console.Error.WriteLine("libtorch sees no GPU here. LIBTORCH must name the torch folder of a PyTorch install with CUDA, "
                    + "on a machine with an NVIDIA GPU");
                return 1;
            }
            var bench = new DeviceBench(parsed.GetValue(cpu) ? CPU : CUDA, parsed.GetValue(bandwidth), parsed.GetValue(flops));
            var begun = Stopwatch.GetTimestamp();
            foreach (var shape in parsed.GetValue(shapes)!)
                foreach (var measure in bench.Measurements(shape))
                    if (Stopwatch.GetElapsedTime(begun).TotalMinutes < parsed.GetValue(minutes))
                        parsed.InvocationConfiguration.Output.WriteLine(measure().ToJsonString());
            return 0;
        });
        return command;
    }

    /// <summary>What is measured with a shape, in order; each line stands for itself.</summary>
    private IEnumerable<Func<JsonObject>> Measurements(string shape)
    {
        using var model = new LoadedModel(Random(s_shapes[shape]), [], "");
        foreach (var batch in (int[])[1, 64, 256])
            yield return () => Generation(shape, model.Model, batch);
        yield return () => Scoring(shape, model.Model);
        yield return () => Sampling(shape, model);
        yield return () => LoraTraining(shape, model);
        yield return () => FullTraining(shape, model);
    }

    private JsonObject Generation(string shape, CausalLM model, int batch)
    {
        var prompts = Prompts(model, batch, _prompt);
        var generator = new BatchGenerator(model, []);
        generator.Generate(prompts, new GenerationSpec { MaxNewTokens = 4 }, batch); // warm
        var seconds = Time(() => generator.Generate(prompts, new GenerationSpec { MaxNewTokens = _newTokens }, batch));
        var perStep = Weights(model) * model.DType.ElementSize() + KvCache.BytesPerToken(model) * batch * (_prompt + _newTokens / 2.0);
        return Line(shape, $"generation, batch {batch}", batch * _newTokens / seconds,
            ("shareOfBandwidth", perStep * _newTokens / seconds / bandwidth));
    }

    private JsonObject Scoring(string shape, CausalLM model)
    {
        const int rows = 16;
        using var _ = no_grad();
        using var ids = randint(0, model.Config.VocabSize, [rows, _length], dtype: ScalarType.Int64).to(device);
        model.Hidden(ids).Dispose();
        var seconds = Time(() =>
        {
            using var scope = NewDisposeScope();
            for (var round = 0; round < 3; round++)
                model.Hidden(ids)[0, 0, 0].to(ScalarType.Float32).item<float>();
        });
        var tokens = 3.0 * rows * _length;
        return Line(shape, "scoring", tokens / seconds, ("shareOfPeak", 2 * Weights(model) * tokens / seconds / flops));
    }

    /// <summary>
    /// A thousand questions of 100 tokens and 128 new tokens each, from text to samples, with an amateur of the smallest shape.
    /// </summary>
    private JsonObject Sampling(string shape, LoadedModel expert)
    {
        var questions = device.type == DeviceType.CPU ? 4 : 1000;
        using var folder = new ScratchFolder();
        ByteTokenizer.Write(folder.Path, RandomPair.Vocabulary, RandomPair.Eos);
        using var amateur = new LoadedModel(Random(s_shapes[shape == "tiny" ? "tiny" : "0.5B"]), [], "");
        var vocabulary = VocabularyMap.Equal(expert.Model.Config.VocabSize, amateur.Model.Config.VocabSize);
        var spec = new SamplingRunSpec
        {
            Prompt = new PromptSpec { Template = PromptTemplate.None },
            Selection = new SelectionSpec { Beta = 0.4 }
        };
        var sampler = new ContrastiveSampler(expert, amateur, Tokenizer.Load(folder.Path), vocabulary, spec, 256);
        var random = new Random(1);
        Question[] asked = [.. Enumerable.Range(0, questions)
            .Select(i => new Question(i, $"{i}", string.Concat(Enumerable.Range(0, 100).Select(_ => (char)random.Next('!', '~')))))];
        long tokens = 0;
        var seconds = Time(() =>
        {
            foreach (var chunk in asked.Chunk(256))
                tokens += sampler.Sample(chunk).Answers.Sum(answer => (long)answer.Ids.Length);
        });
        return Line(shape, $"sampling, {questions} questions", tokens / seconds, ("seconds", seconds));
    }

    private JsonObject LoraTraining(string shape, LoadedModel model)
    {
        ContrastiveSample[] samples = [.. Prompts(model.Model, 64, _length / 2).Select((ids, i) => new ContrastiveSample
        {
            PromptId = $"{i}", Step = 1, PrefixIds = ids, TokenIds = [1, 2], Weights = [0.5, 0.5],
        })];
        var spec = new FineTuneRunSpec { Training = new FineTuneTraining { MaxSteps = 4, Packing = SamplePacking.None } };
        double tokens, seconds;
        using (var trainer = new LoraTrainer(model, null, samples, spec))
        {
            trainer.TrainStep();
            var before = trainer.TokensSeen;
            seconds = Time(() =>
            {
                trainer.TrainStep();
                trainer.TrainStep();
            });
            tokens = trainer.TokensSeen - before;
        }
        model.Model.UnloadLora();
        // Forward, and back to the activations: the frozen weights get no gradients.
        return Line(shape, "LoRA training", tokens / seconds, ("shareOfPeak", 4 * Weights(model.Model) * tokens / seconds / flops));
    }

    private JsonObject FullTraining(string shape, LoadedModel model)
    {
        // Weights in 16 bits; gradients, a master copy and two averages in float32.
        double needed = 18 * Weights(model.Model), there = DeviceMemory.Total(device);
        if (needed > 0.9 * there)
            return new JsonObject
            {
                ["shape"] = shape,
                ["what"] = "full training",
                ["left out"] = $"needs {needed / (1 << 30):F0} GiB beside activations, {there / (1 << 30):F0} are there"
            };
        RefineSequence[] sequences = [.. Prompts(model.Model, 8, _length).Select(ids => new RefineSequence(ids, _length / 4))];
        var spec = new RefineRunSpec
        {
            Training = new RefineTraining
            {
                MaxSteps = 3,
                BatchSize = 4,
                GradientAccumulationSteps = 2,
                GradientCheckpointing = true
            }
        };
        using var trainer = new RefineTrainer(model, 0, sequences, spec);
        trainer.TrainStep();
        var before = trainer.TokensSeen;
        var seconds = Time(() => trainer.TrainStep());
        double tokens = trainer.TokensSeen - before;
        return Line(shape, "full training (refinement)", tokens / seconds,
            ("shareOfPeak", 8 * Weights(model.Model) * tokens / seconds / flops));
    }

    private static JsonObject Line(string shape, string what, double tokensPerSecond, (string Name, double Value) second) => new()
    {
        ["shape"] = shape,
        ["what"] = what,
        ["tokensPerSecond"] = Math.Round(tokensPerSecond, 1),
        [second.Name] = Math.Round(second.Value, 4),
    };

    private static double Time(Action body)
    {
        var start = Stopwatch.GetTimestamp();
        body();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Weights(CausalLM model) => model.Weights.Sum(weight => (double)weight.numel());

    private CausalLM Random(DecoderConfig config)
    {
        var model = CausalLM.Create(config, ScalarType.BFloat16, device);
        using var _ = no_grad();
        foreach (var weight in model.Weights.Where(weight => weight.dim() == 2))
            weight.normal_(0, 0.02);
        return model;
    }

    private static int[][] Prompts(CausalLM model, int count, int length)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length)
            .Select(_ => random.Next(model.Config.VocabSize)).ToArray())];
    }

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
