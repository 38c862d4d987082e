using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Runs;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Runs;

public class MemoryPredictionTests
{
    private static readonly DecoderConfig Shape = new()
    {
        Architecture = "Qwen2ForCausalLM",
        VocabSize = 1000,
        HiddenSize = 64,
        IntermediateSize = 128,
        NumLayers = 4,
        NumHeads = 4,
        NumKvHeads = 2,
        HeadDim = 16,
        TieWordEmbeddings = true,
    };

    /// <summary>Qwen2.5-7B.</summary>
    private static readonly DecoderConfig Large = new()
    {
        Architecture = "Qwen2ForCausalLM",
        VocabSize = 152_064,
        HiddenSize = 3584,
        IntermediateSize = 18_944,
        NumLayers = 28,
        NumHeads = 28,
        NumKvHeads = 4,
        HeadDim = 128,
        AttentionBias = true,
    };

    private static readonly DecoderConfig Measured = new()
    {
        Architecture = "Qwen2ForCausalLM",
        VocabSize = 16_000,
        HiddenSize = 512,
        IntermediateSize = 1408,
        NumLayers = 8,
        NumHeads = 8,
        NumKvHeads = 2,
        HeadDim = 64,
        AttentionBias = true,
    };

    /// <summary>A process of its own trains a step; its peak is what was predicted.</summary>
    [Fact, Trait("Suite", "long")]
    public async Task Training_Float32Full_IsWhatAProcessTakes() =>
        await MeasureAsync(ScalarType.Float32, lora: false, checkpointing: false);

    [Fact, Trait("Suite", "long")]
    public async Task Training_Float32FullCheckpointed_IsWhatAProcessTakes() =>
        await MeasureAsync(ScalarType.Float32, lora: false, checkpointing: true);

    [Fact, Trait("Suite", "long")]
    public async Task Training_Float32Lora_IsWhatAProcessTakes() =>
        await MeasureAsync(ScalarType.Float32, lora: true, checkpointing: false);

    [Fact, Trait("Suite", "long")]
    public async Task Training_BFloat16Full_IsWhatAProcessTakes() =>
        await MeasureAsync(ScalarType.BFloat16, lora: false, checkpointing: false);

    [Fact]
    public async Task Training_BFloat16Lora_IsWhatAProcessTakes() =>
        await MeasureAsync(ScalarType.BFloat16, lora: true, checkpointing: false);

    /// <summary>A step and an answer are never under way at once: on a GPU the larger of the two counts, on a CPU both.</summary>
    [Fact]
    public void Training_WithAnEvaluation_TakesTheLargerOfAStepAndTheAnswersOnAGpu()
    {
        using var model = CausalLM.Create(Shape, ScalarType.Float32, CPU, initSeed: 1);
        var training = Training(Shape, checkpointing: false);
        var few = MemoryPrediction.Answers(model, rows: 1, longestPrompt: 8, maxNewTokens: 8);
        Assert.Equal(training.Total, training.WithAnswers(few, TorchSharp.DeviceType.CUDA).Total);
        Assert.Equal(training.Total + few, training.WithAnswers(few, TorchSharp.DeviceType.CPU).Total);
        var answers = MemoryPrediction.Answers(model, rows: 256, longestPrompt: 200, maxNewTokens: 1024);
        // 4 layers of 2 heads of 16 keys and values, and room for copying.
        Assert.InRange(answers, 256L * 1224 * 4 * 2 * 2 * 16 * 4, 2 * 256L * 1224 * 4 * 2 * 2 * 16 * 4);
        var step = Part(training, "activations") + Part(training, "head");
        Assert.Equal(training.Total - step + answers, training.WithAnswers(answers, TorchSharp.DeviceType.CUDA).Total);
    }

    [Fact]
    public void Training_Checkpointing_KeepsOneLayerInsteadOfAll()
    {
        long all = Part(Training(Shape, checkpointing: false), "activations"),
            one = Part(Training(Shape, checkpointing: true), "activations");
        Assert.InRange(one, all / 4, all / 2);
    }

    [Theory, InlineData(ScalarType.Float32, 4, 4, 8), InlineData(ScalarType.BFloat16, 2, 6, 12)]
    public void Training_FlatBuffers_HaveTheirBytesPerParameter(ScalarType type, int weights, int gradients, int optimizer)
    {
        var parameters = ParameterShapes.Of(Shape).Sum(weight => weight.Shape.Aggregate(1L, (a, b) => a * b));
        MemoryPrediction one = MemoryPrediction.Training(Shape, type, null, 1, 16, false),
            four = MemoryPrediction.Training(Shape, type, null, 1, 16, false, devices: 4);
        Assert.Equal((weights * parameters, gradients * parameters, optimizer * parameters),
            (Part(one, "weights"), Part(one, "gradients"), Part(one, "optimizer")));
        Assert.Equal(optimizer * parameters / 4, Part(four, "optimizer"));
    }

    [Theory, InlineData(4, 141), InlineData(8, 80)]
    public void Training_SevenBillionParameters_FitsOnSeveralGpus(int devices, long gigabytes)
    {
        MemoryPrediction one = MemoryPrediction.Training(Large, ScalarType.BFloat16, null, 1, 2048, checkpointing: true),
            several = MemoryPrediction.Training(Large, ScalarType.BFloat16, null, 1, 2048, checkpointing: true, devices);
        TestContext.Current.TestOutputHelper?.WriteLine($"one GPU: {one}\n{devices} GPUs: {several}");
        Assert.True(several.Total < gigabytes * 1_000_000_000);
        Assert.True(one.Total > gigabytes * 1_000_000_000);
    }

    public static TheoryData<string> Models => ["Qwen2.5 0.5B", "Qwen2.5 1.5B", "Qwen2.5 7B", "Llama 3.1 8B"];

    /// <summary>The tables of docs/scale.md are what is predicted.</summary>
    [Theory, MemberData(nameof(Models))]
    public void ScalePage_ShowsWhatIsPredicted(string name)
    {
        var shape = name switch
        {
            "Qwen2.5 0.5B" => Tied(896, 4864, heads: 14) with { NumLayers = 24, HeadDim = 64 },
            "Qwen2.5 1.5B" => Tied(1536, 8960, heads: 12),
            "Llama 3.1 8B" => Large with
            {
                Architecture = "LlamaForCausalLM",
                VocabSize = 128_256,
                HiddenSize = 4096,
                IntermediateSize = 14_336,
                NumLayers = 32,
                NumHeads = 32,
                NumKvHeads = 8,
                AttentionBias = false,
            },
            _ => Large,
        };
        var lora = new LoraSpec { Rank = 8, TargetModules = ["q_proj", "v_proj"], Dropout = 0.05 };
        int[] counts = [1, 2, 4, 8];
        long[] adapters = [.. new[] { false, true }.Select(checkpointing => Predict(lora, 8, 512, checkpointing, devices: 1))];
        long[] full = [.. counts.Select(devices => Predict(null, 2, 2048, checkpointing: true, devices))];
        var page = File.ReadAllText(RepositoryFolder.Of("docs", "scale.md"));
        var predicted = $"| {name} | {string.Join(" | ", adapters.Concat(full).Select(bytes => Math.Round(bytes / 1e9)))} |";
        var fits = $"| {name} | {string.Join(" | ", Sizes.Select(size => Adapter(size)).Concat(Sizes.Select(Full)))} |";
        Assert.Contains(predicted, page);
        Assert.Contains(fits, page);

        string Adapter(double size) => adapters[0] < size ? "yes" : adapters[1] < size ? "checkpointed" : "no";
        string Full(double size) =>
            Array.FindIndex(full, bytes => bytes < size) switch { -1 => "no", 0 => "1 GPU", var i => $"{counts[i]} GPUs" };
        long Predict(LoraSpec? adapter, int rows, int length, bool checkpointing, int devices) =>
            MemoryPrediction.Training(shape, ScalarType.BFloat16, adapter, rows, length, checkpointing, devices).Total;
        static DecoderConfig Tied(int hidden, int inner, int heads) => Large with
        {
            VocabSize = 151_936,
            HiddenSize = hidden,
            IntermediateSize = inner,
            NumHeads = heads,
            NumKvHeads = 2,
            TieWordEmbeddings = true,
        };
    }

    /// <summary>GPUs of 24, 80 and 141 GB, less half a GB for a GPU's context.</summary>
    private static readonly double[] Sizes = [23.5e9, 79.5e9, 140.5e9];

    [Fact]
    public void RefuseAbove_TooLittleMemory_NamesFiguresAndRemedy()
    {
        using var model = CausalLM.Create(Shape, ScalarType.Float32, CPU, initSeed: 1);
        var prediction = MemoryPrediction.Sampling(model, model, 64, 100, 128);
        prediction.RefuseAbove(prediction.Total, "a smaller batch");
        var refused = Assert.Throws<WorkerException>(() => prediction.RefuseAbove(prediction.Total - 1, "a smaller batch needs less"));
        Assert.Equal(ExitCode.BadManifest, refused.Code);
        Assert.Contains("KV cache", refused.Message);
        Assert.Contains("a smaller batch needs less", refused.Message);
        Assert.True(MemoryPrediction.Sampling(model, model, 32, 100, 128).Total < prediction.Total);
    }

    private static MemoryPrediction Training(DecoderConfig config, bool checkpointing) =>
        MemoryPrediction.Training(config, ScalarType.Float32, null, 8, 256, checkpointing);

    private static async Task MeasureAsync(ScalarType type, bool lora, bool checkpointing)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process's peak is read from /proc");
        if (await OwnProcess.RanAsync()) return;
        set_num_threads(1);
        const int length = 128;
        using var model = new LoadedModel(CausalLM.Create(Measured, type, CPU, initSeed: 1), [], "");
        var random = new Random(1);
        RefineSequence[] sequences =
            [.. Enumerable.Range(0, 2)
                .Select(_ => new RefineSequence([.. Enumerable.Range(0, length).Select(_ => random.Next(Measured.VocabSize))], 8))];
        using var trainer = new RefineTrainer(model, 3, sequences, new RefineRunSpec
        {
            Method = lora ? TrainingMethod.Lora : TrainingMethod.Full,
            Training = new RefineTraining
            {
                MaxSteps = 1,
                BatchSize = 2,
                GradientAccumulationSteps = 1,
                GradientCheckpointing = checkpointing
            },
        });
        var prediction = MemoryPrediction.Training(Measured, type, trainer.Adapter, 2, length, checkpointing)
            .WithProcess(CPU, MemoryPrediction.Weights(model.Model));
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak counts from here
        trainer.TrainStep();
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM", StringComparison.Ordinal));
        var peak = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            System.Globalization.CultureInfo.InvariantCulture) << 10;
        TestContext.Current.TestOutputHelper?.WriteLine($"{prediction}; measured {peak >> 20} MiB");
        Assert.InRange((double)prediction.Total / peak, 0.9, 1.1);
    }

    private static long Part(MemoryPrediction prediction, string name) => prediction.Parts.Single(part => part.Name == name).Bytes;
}
