using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

[Collection(TorchGeneratorCollection.Name)]
public class RefineTrainerTests
{
    private static readonly RefineRunSpec Spec = new()
    {
        Training = new RefineTraining { MaxSteps = 10, BatchSize = 4, GradientAccumulationSteps = 2, LearningRate = 1e-3 },
    };

    [Theory, InlineData(TrainingMethod.Full, ScalarType.Float32), InlineData(TrainingMethod.Lora, ScalarType.Float32), InlineData(TrainingMethod.Full, ScalarType.BFloat16)]
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
            trainer.SaveModel(folder["whole"], source);
        }
        using (var model = HuggingFaceFolder.Load(source, type, CPU))
        using (var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), spec))
        {
            trainer.LoadState(folder["state"]);
            while (trainer.Step < trainer.TotalSteps)
                trainer.TrainStep();
            trainer.SaveModel(folder["resumed"], source);
        }
        var whole = File.ReadAllBytes(Path.Combine(folder["whole"], "model.safetensors"));
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(folder["resumed"], "model.safetensors")));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(source, "model.safetensors")), whole);
    }

    [Fact]
    public void TrainStep_ManySteps_LowersTheLoss()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec with { Training = Spec.Training with { MaxSteps = 60, WarmupRatio = 0 } });
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
            using var batch = new RefineBatch(Sequences(8), CPU);
            var ids = Goldens.Batch([.. Sequences(8).Select(s => s.Ids)]);
            return nn.functional.cross_entropy(model.Model.Logits(batch.Predictors(model.Model.Hidden(ids))), batch.Targets).item<float>();
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
        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec with { Method = method, Training = Spec.Training with { MaxSteps = 40, WarmupRatio = 0, LearningRate = 3e-3 } });
        var losses = Enumerable.Range(0, 30).Select(_ => trainer.TrainStep().LossTotal!.Value).ToArray();
        Assert.True(losses[^5..].Average() < losses[..5].Average());
        trainer.SaveModel(folder["model"], Path.Combine(Goldens.Folder, "qwen2-tiny"));
        Assert.True(File.Exists(Path.Combine(folder["model"], "model.safetensors")));
    }

    /// <summary>Short responses are left to the operators, longer ones attend behind prompts of unequal lengths by the kernel.</summary>
    [Theory, InlineData(1), InlineData(6)]
    public void TrainStep_PromptSharedOrNot_FollowsTheSameGradient(int scale)
    {
        // With checkpointing every pass reads the prompt anew; without, all passes share it.
        var metrics = new List<RefineMetrics>();
        foreach (var checkpointing in (bool[])[false, true])
        {
            using var model = Goldens.Model("llama-tiny");
            using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(scale: scale), Spec with { Training = Spec.Training with { GradientCheckpointing = checkpointing } });
            trainer.TrainStep();
            metrics.Add(trainer.TrainStep());
        }
        foreach (var (shared, apart) in metrics[0].Losses!.Zip(metrics[1].Losses!))
            Assert.Equal(apart, shared, 1e-5 * apart);
        Assert.Equal(metrics[1].GradNorm!.Value, metrics[0].GradNorm!.Value, 1e-4 * metrics[1].GradNorm!.Value);
    }

    /// <summary>By the operators where there are too few keys for the kernel, else by the kernel, row by row.</summary>
    [Theory, InlineData(3, 5, 4), InlineData(5, 20, 15), InlineData(20, 20, 40)]
    public void SharedPrompt_LengthsOfPrompts_GiveWhatWholeSequencesHave(int first, int second, int news)
    {
        using var model = Goldens.Model("llama-tiny");
        using var scope = NewDisposeScope();
        int[] lengths = [first, second];
        var whole = randint(500, [2, second + news], dtype: ScalarType.Int64);
        using var prompt = new SharedPrompt(model.Model, whole, lengths);
        var continued = prompt.Continue(stack([.. lengths.Select((length, row) => whole[row].narrow(0, length, news))]));
        for (var row = 0; row < 2; row++)
        {
            var expected = model.Model.Hidden(whole[row].narrow(0, 0, lengths[row] + news).unsqueeze(0))[0].narrow(0, lengths[row], news);
            Assert.True(continued[row].sub(expected).abs().max().item<float>() < 1e-4);
        }
    }

    [Fact]
    public void TrainStep_BetweenBlocks_IsFollowedByTheCopyOfTheHead()
    {
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        Assert.SkipUnless(ScreenedHead.Bytes(model.Model.HeadWeight) > 0, "copies of the head are made for CPUs with matrix units (AMX) or products of bytes (AVX-512 VNNI)");
        var before = Blocks(model);
        var copy = model.Model.Screened();
        Assert.Equal(before, Blocks(model));
        Assert.Same(copy, model.Model.Screened());

        using var trainer = new RefineTrainer(model, TestTokenizer.Eos, Sequences(), Spec with { Training = Spec.Training with { LearningRate = 1e-2, WarmupRatio = 0 } });
        trainer.SaveState(folder["state"]);
        for (var step = 0; step < 3; step++)
            trainer.TrainStep();
        var after = Blocks(model);
        Assert.NotEqual(before, after);
        trainer.SaveModel(folder["model"], Path.Combine(Goldens.Folder, "qwen2-tiny"));
        using (var written = HuggingFaceFolder.Load(folder["model"], ScalarType.Float32, CPU))
            Assert.Equal(Blocks(written), after);

        trainer.LoadState(folder["state"]);
        Assert.Equal(before, Blocks(model));
        model.Model.train();
        Assert.Null(model.Model.Screened());

        static IEnumerable<int[]> Blocks(LoadedModel model) =>
            new BlockGenerator(model, TestTokenizer.Eos).Generate(TextGeneratorTests.Prompts(4), 48, 2, 96, ignoreEos: true).Select(answer => answer.Ids).ToArray();
    }

    [Fact]
    public void TotalSteps_EpochsOrMaxSteps_AsThePublishedTrainerCounts()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var epochs = new RefineTrainer(model, TestTokenizer.Eos, Sequences(21), Spec with { Training = Spec.Training with { MaxSteps = null, TotalEpochs = 3 } });
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
                [1, .. Ids(random.Next(2, 6) * scale)], Ids(random.Next(3, 9) * scale), TestTokenizer.Eos, EosTail.OfLength(4), 32 * scale, Truncation.Right, 0))
        ];

        int[] Ids(int length)
        {
            var start = random.Next(4, 500 - Math.Max(0, length - 9)); // all ids are of the vocabulary
            return [.. Enumerable.Range(start, length)];
        }
    }
}
