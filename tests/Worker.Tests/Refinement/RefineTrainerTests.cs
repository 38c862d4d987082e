using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

public class RefineTrainerTests
{
    private static readonly RefineRunSpec Spec = new()
    {
        Training = new RefineTraining { MaxSteps = 10, BatchSize = 4, GradientAccumulationSteps = 2, LearningRate = 1e-3 },
    };

    [Theory, InlineData(TrainingMethod.Full, ScalarType.Float32), InlineData(TrainingMethod.Lora, ScalarType.Float32),
        InlineData(TrainingMethod.Full, ScalarType.BFloat16)]
    public void LoadState_AfterFiveOfTenSteps_ContinuesToTheSameBytes(TrainingMethod method, ScalarType type)
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(Goldens.Folder, "qwen2-tiny");
        var spec = Spec with { Method = method };
        using (var model = HuggingFaceFolder.Load(source, type, CPU))
        using (var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), spec))
        {
            for (var step = 0; step < 10; step++)
            {
                if (step == 5)
                    trainer.SaveState(folder["state"]);
                trainer.TrainStep();
            }
            Save(trainer, folder["whole"]);
        }
        using (var model = HuggingFaceFolder.Load(source, type, CPU))
        using (var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), spec))
        {
            trainer.LoadState(folder["state"]);
            while (trainer.Step < trainer.TotalSteps)
                trainer.TrainStep();
            Save(trainer, folder["resumed"]);
        }
        var file = method is TrainingMethod.Lora ? "adapter_model.safetensors" : "model.safetensors";
        var whole = File.ReadAllBytes(Path.Combine(folder["whole"], file));
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(folder["resumed"], file)));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(source, "model.safetensors")), whole);

        void Save(RefineTrainer trainer, string target)
        {
            if (method is TrainingMethod.Lora)
                trainer.SaveAdapter(target, "base");
            else
                trainer.SaveModel(target, source);
        }
    }

    [Fact]
    public void TrainStep_ManySteps_LowersTheLoss()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(),
            Spec with { Training = Spec.Training with { MaxSteps = 60, WarmupRatio = 0 } });
        var losses = Enumerable.Range(0, 60).Select(_ => trainer.TrainStep()).ToArray();
        Assert.True(losses[^1].LossTotal < losses[0].LossTotal / 2, $"{losses[0].LossTotal} → {losses[^1].LossTotal}");
        Assert.All(losses, m => Assert.InRange(m.NoiseMean!.Value, 0, 1));
        Assert.Equal(2, losses[0].Losses!.Count);
    }

    [Theory, InlineData(1, 8), InlineData(2, 4), InlineData(8, 1)]
    public void TrainStep_SameRowsInOtherMicroBatches_CountsEveryTokenTheSame(int accumulation, int microBatchSize)
    {
        // Without noise the micro batches differ in nothing but their size.
        using var model = Goldens.Model("qwen2-tiny");
        var spec = Spec with
        {
            Iterative = new IterativeSpec { NumIterations = 1, LossWeights = [1], NoiseMin = 0, NoiseMax = 0 },
            Training = Spec.Training with { BatchSize = microBatchSize, GradientAccumulationSteps = accumulation },
        };
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(8), spec);
        var metrics = trainer.TrainStep();
        Assert.Equal(Reference(), metrics.LossTotal!.Value, 1e-5);
        Assert.Equal(1, metrics.Epoch!.Value, 1e-9);

        static double Reference()
        {
            using var model = Goldens.Model("qwen2-tiny");
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var sequences = Sequences(8);
            var loss = sequences.Select(s => nn.functional.cross_entropy(
                model.Model.Head(model.Model.Hidden(tensor(s.Ids.Select(id => (long)id).ToArray()).unsqueeze(0))[0, (s.ResponseStart - 1)..^1]),
                tensor(s.Ids.Skip(s.ResponseStart).Select(id => (long)id).ToArray()), reduction: nn.Reduction.Sum).item<float>()).Sum();
            return loss / sequences.Sum(s => s.Targets);
        }
    }

    [Theory, InlineData(TrainingMethod.Full, false), InlineData(TrainingMethod.Full, true), InlineData(TrainingMethod.Lora, true)]
    public void TrainStep_ModelWithAdapter_StartsFromBothTogether(TrainingMethod method, bool merged)
    {
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
        if (merged)
            model.Model.MergeLora();
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec with { Method = method });
        var (first, alone) = (trainer.TrainStep().LossTotal!.Value, FirstLoss(Path.Combine(Goldens.Folder, "qwen2-tiny")));
        Assert.Equal(FirstLoss(Merged()), first, 1e-5 * first);
        Assert.True(Math.Abs(first - alone) > 1e-3 * first, $"{first} with the adapter, {alone} without");

        string Merged()
        {
            using var both = Goldens.Model("qwen2-tiny");
            PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), both.Model);
            both.Model.MergeLora();
            HuggingFaceFolder.Save(both.Model, Path.Combine(Goldens.Folder, "qwen2-tiny"), folder["merged"], ScalarType.Float32);
            return folder["merged"];
        }

        static double FirstLoss(string source)
        {
            using var whole = HuggingFaceFolder.Load(source, ScalarType.Float32, CPU);
            using var trainer = new RefineTrainer(whole, TestTokenizer.Eos, Sequences(), Spec);
            return trainer.TrainStep().LossTotal!.Value;
        }
    }

    [Fact]
    public void TrainStep_GradientCheckpointing_ChangesNoStep()
    {
        var metrics = new List<RefineMetrics>();
        foreach (var checkpointing in (bool[])[false, true])
        {
            using var model = Goldens.Model("llama-tiny");
            using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(),
                Spec with { Training = Spec.Training with { GradientCheckpointing = checkpointing } });
            trainer.TrainStep();
            metrics.Add(trainer.TrainStep());
        }
        foreach (var (kept, recomputed) in metrics[0].Losses!.Zip(metrics[1].Losses!))
            Assert.Equal(kept, recomputed, 1e-5 * kept);
        Assert.Equal(metrics[0].GradNorm!.Value, metrics[1].GradNorm!.Value, 1e-5 * metrics[0].GradNorm!.Value);
    }

    [Theory, InlineData(TrainingMethod.Full, ScalarType.Float32), InlineData(TrainingMethod.Lora, ScalarType.Float32),
        InlineData(TrainingMethod.Full, ScalarType.BFloat16)]
    public void TrainStep_StoppedBetweenMicroBatches_ChangesNothing(TrainingMethod method, ScalarType type)
    {
        using var folder = new TemporaryFolder();
        using var model = HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, "qwen2-tiny"), type, CPU);
        using var stop = new CancellationTokenSource();
        var asked = 0;
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec with { Method = method },
            noise: (microBatch, row, sequence) =>
        {
            if (++asked == 10) // in the first micro batch of the second step
                stop.Cancel();
            return EosNoise.Draw(new RandomStream(1, microBatch, row), Spec.Iterative, sequence.Ids.Length);
        });
        trainer.TrainStep(stop.Token);
        trainer.SaveState(folder["before"]);
        Assert.Throws<OperationCanceledException>(() => trainer.TrainStep(stop.Token));
        trainer.SaveState(folder["after"]);
        Assert.Equal(File.ReadAllBytes(folder["before/weights.safetensors"]), File.ReadAllBytes(folder["after/weights.safetensors"]));
        Assert.Equal(1, trainer.Step);
    }

    /// <summary>Decoupled from the gradient: a step takes away the learning rate's share of what a weight was.</summary>
    [Fact]
    public void TrainStep_WeightDecay_ShrinksWeights()
    {
        const double decay = 0.5;
        using var scope = NewDisposeScope();
        using var model = Goldens.Model("qwen2-tiny");
        var (without, with) = (After(0), After(decay));
        foreach (var (name, weight) in model.Model.NamedParameters())
        {
            var expected = without[name] - weight.detach() * (Spec.Training.LearningRate * decay);
            Assert.True(Goldens.LargestDifference(expected, with[name]) < 1e-6, name);
        }

        static Dictionary<string, Tensor> After(double decay)
        {
            using var model = Goldens.Model("qwen2-tiny");
            using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(),
                Spec with { Training = Spec.Training with { WarmupRatio = 0, WeightDecay = decay } });
            trainer.TrainStep();
            return model.Model.NamedParameters().ToDictionary(weight => weight.Name, weight => weight.Value.detach().clone());
        }
    }

    [Fact]
    public void TrainStep_Float16_IsRefused()
    {
        using var model = HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, "qwen2-tiny"), ScalarType.Float16, CPU);
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec);
        Assert.Contains("use bfloat16 or float32", Assert.Throws<WorkerException>(() => trainer.TrainStep()).Message);
    }

    [Fact]
    public void TotalSteps_EpochsOrMaxSteps_AsThePublishedTrainerCounts()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var epochs = new RefineTrainer(model, TestTokenizer.Eos, Sequences(21),
            Spec with { Training = Spec.Training with { MaxSteps = null, TotalEpochs = 3 } });
        Assert.Equal(6 * 3 / 2, epochs.TotalSteps); // 6 micro batches of 4 in an epoch, two of them a step
    }

    [Fact]
    public void LongestSequence_RecordWithoutResponse_DoesNotCount()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, [.. Sequences(5), new RefineSequence(new int[300], 300)], Spec);
        Assert.Equal((1, Sequences(5).Max(sequence => sequence.Ids.Length)), (trainer.RecordsDropped, trainer.LongestSequence));
    }

    internal static RefineSequence[] Sequences(int count = 21, int scale = 1)
    {
        var random = new Random(11);
        return
        [
            .. Enumerable.Range(0, count).Select(_ => RefineSequence.Build(
                [1, .. Ids(random.Next(2, 6) * scale)], Ids(random.Next(3, 9) * scale), TestTokenizer.Eos, EosTail.OfLength(4),
                    32 * scale, Truncation.Right))
        ];

        int[] Ids(int length)
        {
            var start = random.Next(4, 500 - Math.Max(0, length - 9)); // all ids are of the vocabulary
            return [.. Enumerable.Range(start, length)];
        }
    }
}
