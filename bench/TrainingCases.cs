using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Refinement;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>
/// Fine-tuning and refinement. Lengths as in GSM8K: questions of 60 to 200 tokens, answers of 128, responses of 60 to 300, sequences of at
/// most 512.
/// </summary>
internal sealed class TrainingCases(string folder)
{
    private const int MaxLength = 512;

    private readonly Random _random = new(13);

    /// <summary>The cases by name; a case is prepared when it is asked for.</summary>
    public IReadOnlyList<(string Name, Func<BenchCase> Case)> All => [("fine-tuning", FineTuning), ("refinement", Refinement)];

    /// <summary>One optimizer step over eight kept steps of each of two answers: the default batch.</summary>
    private BenchCase FineTuning()
    {
        const int questions = 2, kept = 8, answer = 128;
        var samples = new List<ContrastiveSample>();
        for (var question = 0; question < questions; question++)
        {
            var prompt = 60 + _random.Next(140);
            var ids = Ids(prompt + answer);
            foreach (var step in Enumerable.Range(1, answer - 1).OrderBy(_ => _random.Next()).Take(kept).Order())
                samples.Add(new ContrastiveSample
                {
                    PromptId = $"{question}",
                    Step = step,
                    Prefix = "",
                    PrefixIds = ids[..(prompt + step)],
                    TokenIds = Ids(3),
                    Weights = [0.6, 0.3, 0.1]
                });
        }
        var spec = new FineTuneRunSpec { Training = new FineTuneTraining { MaxSteps = 1, Scheduler = SchedulerType.Constant } };
        return new BenchCase("fine-tuning", 8,
            () =>
            {
                using var _ = enable_grad();
                using var model = Load(adapter: true);
                return PublishedTraining.FineTune(model, samples, model.Model.Lora!.Options.Alpha / model.Model.Lora.Options.Rank,
                    MaxLength, RandomPair.Eos, spec.Training.MaxSteps, spec.Training.LearningRate);
            },
            () =>
            {
                using var _ = enable_grad();
                using var model = Load(adapter: true);
                using var trainer = new LoraTrainer(model, null, samples, spec);
                return Enumerable.Range(0, spec.Training.MaxSteps).Select(_ => trainer.TrainStep().Loss!.Value).ToArray();
            },
            (reference, worker) => Difference((double[])reference, (double[])worker));
    }

    /// <summary>
    /// Two optimizer steps of full training over two responses, two passes each, one EOS behind each response. (More rows take the
    /// reference, which keeps every logit of both passes, beyond the memory of a small machine.)
    /// </summary>
    private BenchCase Refinement()
    {
        const int rows = 2, steps = 2;
        RefineSequence[] sequences = [.. Enumerable.Range(0, rows).Select(_ => RefineSequence.Build(
            Ids(60 + _random.Next(140)), Ids(60 + _random.Next(240)), RandomPair.Eos, EosTail.OfLength(1),
                MaxLength, Truncation.Right))];
        var spec = new RefineRunSpec
        {
            Iterative = new IterativeSpec { NoiseMin = 1, NoiseMax = 1 },
            Training = new RefineTraining
            {
                MaxSteps = steps,
                BatchSize = rows,
                GradientAccumulationSteps = 1,
                LearningRate = 1e-4,
                WarmupRatio = 0,
                Scheduler = SchedulerType.Constant
            },
        };
        return new BenchCase("refinement", 2,
            () =>
            {
                using var _ = enable_grad();
                using var model = Load(adapter: false);
                return PublishedTraining.Refine(model, sequences, RandomPair.Eos, 0, MaxLength, spec.Iterative.NumIterations, steps,
                    spec.Training.LearningRate, spec.Training.WeightDecay)
                    .SelectMany(losses => losses).ToArray();
            },
            () =>
            {
                using var _ = enable_grad();
                using var model = Load(adapter: false);
                using var trainer = new RefineTrainer(model, RandomPair.Eos, sequences, spec);
                return Enumerable.Range(0, steps).SelectMany(_ => trainer.TrainStep().Losses!).ToArray();
            },
            (reference, worker) => Difference((double[])reference, (double[])worker));
    }

    private static string? Difference(double[] reference, double[] worker) =>
        reference.Length == worker.Length && reference.Zip(worker)
            .All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * Math.Abs(pair.First))
            ? null
            : $"losses {string.Join(", ", reference)} and {string.Join(", ", worker)}";

    private LoadedModel Load(bool adapter)
    {
        var model = HuggingFaceFolder.Load(Path.Combine(folder, "expert"), ScalarType.Float32, CPU);
        if (adapter)
            PeftAdapter.Load(Path.Combine(folder, "adapter"), model.Model);
        return model;
    }

    private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(RandomPair.Eos))];
}
