using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using LightReasoner.Worker.Tests.Refinement;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Checkpoints;

public class TrainingCheckpointTests
{
    [Fact]
    public void StepOf_AFolderName_GivesItsStepAndNullForForeignOnes()
    {
        Assert.Equal(1_000_200, TrainingCheckpoint.StepOf(TrainingCheckpoint.FolderName(1_000_200)));
        Assert.Null(TrainingCheckpoint.StepOf("step-x"));
        Assert.Null(TrainingCheckpoint.StepOf("model"));
    }

    [Fact]
    public void Save_FullTraining_NamesWeightsAndMomentsAsHuggingFaceDoes()
    {
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = Trainer(model);
        trainer.TrainStep();
        trainer.SaveState(folder.Path);
        using var weights = new SafetensorsFile(folder["weights.safetensors"]);
        using var moments = new SafetensorsFile(folder["optimizer.safetensors"]);
        using var published = new SafetensorsFile(Path.Combine(Goldens.Folder, "qwen2-tiny", "model.safetensors"));
        Assert.Equal(published.Entries.Keys.Order(StringComparer.Ordinal), weights.Entries.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, value) in model.Model.NamedParameters())
        {
            using var stored = weights.Load(name);
            using var mean = moments.Load($"{name}.exp_avg");
            Assert.Equal(value.cpu().contiguous().bytes.ToArray(), stored.bytes.ToArray());
            Assert.Equal(value.shape, mean.shape);
        }
    }

    [Theory]
    [InlineData("weights.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("state.json")]
    public void Load_DamagedOrIncomplete_IsRefusedBeforeAnythingChanges(string file)
    {
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = Trainer(model);
        trainer.TrainStep();
        trainer.SaveState(folder.Path);
        trainer.TrainStep();
        var before = Weights(model);
        var path = folder[file];
        var bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Contains($"{path}: differs", Assert.Throws<InvalidDataException>(() => trainer.LoadState(folder.Path)).Message);
        File.Delete(path);
        Assert.Contains($"{path}: is missing", Assert.Throws<InvalidDataException>(() => trainer.LoadState(folder.Path)).Message);
        File.Delete(folder["COMPLETE"]);
        Assert.Contains("not a complete checkpoint", Assert.Throws<InvalidDataException>(() => trainer.LoadState(folder.Path)).Message);
        Assert.Equal(before, Weights(model));
    }

    private static RefineTrainer Trainer(LoadedModel model) =>
        new(model, TestTokenizer.Eos, RefineTrainerTests.Sequences(8), new RefineRunSpec
        {
            Training = new RefineTraining
            {
                MaxSteps = 10,
                BatchSize = 4,
                GradientAccumulationSteps = 2,
                LearningRate = 1e-3,
                WarmupRatio = 0
            },
        });

    private static byte[][] Weights(LoadedModel model) =>
        [.. model.Model.NamedParameters().Select(p => p.Value.contiguous().bytes.ToArray())];
}
