using LightReasoner.Worker.Models;
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

    [Fact]
    public void Training_Checkpointing_KeepsOneLayerInsteadOfAll()
    {
        using var model = CausalLM.Create(Shape, ScalarType.Float32, CPU, initSeed: 1);
        long all = Part(MemoryPrediction.Training(model, 8, 256, checkpointing: false), "activations"), one = Part(MemoryPrediction.Training(model, 8, 256, checkpointing: true), "activations");
        Assert.InRange(one, all / 4, all / 2);
        Assert.Equal(3 * 4 * model.NamedParameters().Sum(p => p.Value.numel()), Part(MemoryPrediction.Training(model, 8, 256, false), "gradients and optimizer"));
    }

    [Fact]
    public void Training_BFloat16Weights_HaveMasterCopies()
    {
        using var model = CausalLM.Create(Shape, ScalarType.BFloat16, CPU, initSeed: 1);
        long parameters = model.NamedParameters().Sum(p => p.Value.numel());
        Assert.Equal(2 * parameters, Part(MemoryPrediction.Training(model, 1, 16, false), "weights"));
        Assert.Equal((2 + 3 * 4) * parameters, Part(MemoryPrediction.Training(model, 1, 16, false), "gradients and optimizer"));
    }

    [Fact]
    public void RefuseAbove_TooLittleMemory_NamesFiguresAndRemedy()
    {
        using var model = CausalLM.Create(Shape, ScalarType.Float32, CPU, initSeed: 1);
        MemoryPrediction prediction = MemoryPrediction.Sampling(model, model, 64, 100, 128);
        prediction.RefuseAbove(prediction.Total, "a smaller batch");
        var refused = Assert.Throws<WorkerException>(() => prediction.RefuseAbove(prediction.Total - 1, "a smaller batch needs less"));
        Assert.Equal(ExitCode.BadManifest, refused.Code);
        Assert.Contains("KV cache", refused.Message);
        Assert.Contains("a smaller batch needs less", refused.Message);
        Assert.True(MemoryPrediction.Sampling(model, model, 32, 100, 128).Total < prediction.Total);
    }

    private static long Part(MemoryPrediction prediction, string name) => prediction.Parts.Single(part => part.Name == name).Bytes;
}
