using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using LightReasoner.Worker.Tests.Refinement;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Training;

/// <summary>Replicas on the CPU: what several devices train is what one trains.</summary>
public class DataParallelTests
{
    private const int Steps = 20;

    private static readonly Dictionary<string, double[]> s_oneDevice = [];

    public static TheoryData<string, int> Cases => new() { { "full", 2 }, { "full", 4 }, { "refine-lora", 2 },
        { "fine-tune", 2 }, { "fine-tune", 4 } };

    [Theory, MemberData(nameof(Cases))]
    public void TrainStep_SeveralDevices_HaveTheLossesOfOne(string kind, int devices)
    {
        var one = s_oneDevice.TryGetValue(kind, out var known) ? known : s_oneDevice[kind] = Losses(kind, 1);
        var several = Losses(kind, devices);
        Assert.Equal(Steps, one.Length);
        Assert.All(one.Zip(several), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, pair.First)));
        Assert.Equal(Steps, one.Distinct().Count());
    }

    [Theory, InlineData("full", 1, 4), InlineData("full", 4, 1), InlineData("full", 2, 3), InlineData("fine-tune", 2, 1)]
    public void LoadState_OfAnotherNumberOfDevices_GoesOnFromTheSameState(string kind, int before, int after)
    {
        using var folder = new TemporaryFolder();
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = Trainer(kind, model, before))
        {
            for (var step = 0; step < 3; step++)
                trainer.Step();
            trainer.Save(folder["first"]);
        }
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = Trainer(kind, model, after))
        {
            trainer.Load(folder["first"]);
            trainer.Save(folder["second"]);
            trainer.Step();
        }
        foreach (var file in Directory.GetFiles(folder["first"]))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder["second"], Path.GetFileName(file))));
    }

    [Theory, InlineData("full"), InlineData("fine-tune")]
    public void LoadState_SameNumberOfDevices_ContinuesToTheSameBytes(string kind)
    {
        using var folder = new TemporaryFolder();
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = Trainer(kind, model, 2))
        {
            for (var step = 0; step < 6; step++)
            {
                if (step == 3)
                    trainer.Save(folder["middle"]);
                trainer.Step();
            }
            trainer.Save(folder["whole"]);
        }
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = Trainer(kind, model, 2))
        {
            trainer.Load(folder["middle"]);
            for (var step = 3; step < 6; step++)
                trainer.Step();
            trainer.Save(folder["resumed"]);
        }
        foreach (var file in Directory.GetFiles(folder["whole"]))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder["resumed"], Path.GetFileName(file))));
    }

    private static double[] Losses(string kind, int devices)
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = Trainer(kind, model, devices);
        return [.. Enumerable.Range(0, Steps).Select(_ => trainer.Step())];
    }

    private static Run Trainer(string kind, LoadedModel model, int count)
    {
        Device[] devices = [.. Enumerable.Repeat(CPU, count)];
        if (kind == "fine-tune")
        {
            var trainer = new LoraTrainer(model, null, LoraTrainerTests.Samples(), new FineTuneRunSpec
            {
                Training = new FineTuneTraining { MaxSteps = Steps, BatchSize = 4, GradientAccumulationSteps = 4, LearningRate = 1e-3 },
            }, devices);
            return new Run(trainer, () => trainer.TrainStep().Loss!.Value, trainer.SaveState, trainer.LoadState);
        }
        var refine = new RefineTrainer(model, TestTokenizer.Eos, RefineTrainerTests.Sequences(), new RefineRunSpec
        {
            Method = kind == "full" ? TrainingMethod.Full : TrainingMethod.Lora,
            Training = new RefineTraining { MaxSteps = Steps, BatchSize = 2, GradientAccumulationSteps = 5, LearningRate = 1e-3 },
        }, devices);
        return new Run(refine, () => refine.TrainStep().LossTotal!.Value, refine.SaveState, refine.LoadState);
    }

    private sealed record Run(IDisposable Trainer, Func<double> Step, Action<string> Save, Action<string> Load) : IDisposable
    {
        public void Dispose() => Trainer.Dispose();
    }
}
