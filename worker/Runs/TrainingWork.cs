using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Training;

namespace LightReasoner.Worker.Runs;

/// <summary>The loss on the validation data before training.</summary>
internal sealed record ValidationLoss(long Step, double Loss)
{
    public const string BlobName = "validation-before.json";
}

/// <summary>The course of a training run: resume, step, log, save, and stop in between when asked to.</summary>
internal abstract class TrainingWork<TMetrics>(RunContext run, ITrainingSpec training)
    where TMetrics : class
{
    /// <summary>The loss on data that is not trained on: every so many steps, and how it is measured now.</summary>
    protected sealed record Validation(int Steps, Func<double> Loss);

    /// <summary>Metrics where the document does not say how often: so many in a run, and no more steps between two.</summary>
    private const int CurvePoints = 100, MostBetweenPoints = 10;

    /// <summary>How often what was freed goes back to the system while training on a CPU.</summary>
    private static readonly TimeSpan TrimEvery = TimeSpan.FromSeconds(5);

    protected RunContext Run { get; } = run;

    /// <summary>Says what is planned, timed where that is all that is asked for; false then.</summary>
    /// <param name="writesModel">Whether a whole model is written in the end.</param>
    protected bool Announce(ModelWithTokenizer model, Trainer<TMetrics> trainer, string records, bool writesModel,
        AccuracyMeasurement evaluation, IEnumerable<string> warnings)
    {
        var plan = Plan(model, trainer, records, writesModel, evaluation, warnings);
        Run.Announce(Run.PlanOnly ? plan with { Duration = RunPlan.About(Time(trainer) + evaluation.Time(model)) } : plan);
        return !Run.PlanOnly;
    }

    /// <summary>What the steps will take, by one or two that are done and thrown away.</summary>
    private TimeSpan Time(Trainer<TMetrics> trainer)
    {
        TimeSpan last = default;
        for (int i = 0; i < 2 && last < TimeSpan.FromSeconds(30); i++) // the first one warms up
        {
            var begun = Run.Time.GetTimestamp();
            trainer.TrainStep(Run.Stop);
            last = Run.Time.GetElapsedTime(begun);
        }
        return last * trainer.TotalSteps;
    }

    private RunPlan Plan(ModelWithTokenizer model, Trainer<TMetrics> trainer, string records, bool writesModel,
        AccuracyMeasurement evaluation, IEnumerable<string> warnings)
    {
        var (adapter, length) = (trainer.Adapter, trainer.LongestSequence);
        var causal = model.Loaded.Model;
        // Weights that are trained, with two moments and (for 16 bits) a master copy; and what is written at the end.
        long trained = MemoryPrediction.Trained(causal.Config, adapter), weights = MemoryPrediction.Weights(causal);
        long checkpoint = trained * (adapter is null && causal.DType != torch.ScalarType.Float32 ? 14 : 12),
            result = adapter is null ? weights : 4 * trained + (writesModel ? weights : 0);
        return new RunPlan
        {
            Models = [RunPlan.Model("model", model)],
            Work = $"{trainer.TotalSteps:N0} steps on {trainer.Records:N0} {records} of {trainer.Tokens:N0} tokens (the longest "
                + $"{length:N0}){evaluation.Words}",
            Memory = MemoryPrediction.Training(causal.Config, causal.DType, adapter, training.BatchSize, length,
                training.GradientCheckpointing, Run.Devices.Count).WithAnswers(evaluation.Memory, Run.Devices[0].type)
                .WithProcess(Run.Devices[0], weights, Run.Devices.Count, MemoryPrediction.TrainingGrowth),
            MemoryRemedy = "a smaller spec.training.batchSize with more gradientAccumulationSteps needs less, and so do "
                + "gradientCheckpointing: true and a smaller spec.evaluation.batchSize",
            Writes = $"checkpoints/, {(adapter is null ? "model/" : writesModel ? "adapter/, model/" : "adapter/")}, metrics.jsonl, "
                + "report.html and run.json there",
            OutputBytes = (Math.Min(training.SaveTotalLimit, trainer.TotalSteps) + 1) * checkpoint + result,
            ScratchBytes = Math.Max(checkpoint, result),
            Warnings = Math.Min(training.MaxLength, length) <= causal.Config.MaxPositionEmbeddings ? [.. warnings]
                : [.. warnings, $"spec.training.maxLength is {training.MaxLength} and the longest sequence has {length} tokens, but the "
                    + $"model's context is {causal.Config.MaxPositionEmbeddings}"],
        };
    }

    /// <summary>The sequences that validation reads; none without a spec.</summary>
    protected async Task<IReadOnlyList<RefineSequence>> ValidationAsync(
        ValidationSpec? spec, ModelWithTokenizer model, string promptField, string responseField, PromptSpec prompt, EosTail tail,
        Truncation truncation)
    {
        if (spec is null) return [];
        var uri = Run.References.DatasetUri(spec.Dataset);
        using var records = await Datasets.PromptResponsesAsync(uri, spec.Dataset.Format,
            spec.PromptField ?? promptField, spec.ResponseField ?? responseField, Run.Stop);
        var eos = RefineTrainer.EosOf(model.Loaded, model.Tokenizer);
        RefineSequence[] sequences =
        [
            .. records.Take(spec.MaxRecords ?? int.MaxValue).Select(record =>
            {
                var (before, response) = ResponseEncoder.Encode(model.Tokenizer, spec.Prompt ?? prompt, record,
                    model.Loaded.Model.Config.VocabSize);
                return RefineSequence.Build(before, response, eos, tail, training.MaxLength, truncation, record.Place);
            }).Where(sequence => sequence.Targets > 0),
        ];
        return sequences.Length > 0 ? sequences : throw new WorkerException(ExitCode.BadData,
            $"{uri}: spec.training.maxLength ({training.MaxLength}) leaves nothing of any response to be measured");
    }

    /// <summary>Trains to the last step and returns the figures of the last one logged.</summary>
    protected async Task<TMetrics> TrainAsync(Trainer<TMetrics> trainer, string what, Func<TMetrics, string> describe,
        Func<ProgressReport, TMetrics, ProgressReport> report, Validation? validation)
    {
        var checkpoints = new Checkpoints(Run.Output, training.SaveTotalLimit);
        if (training.Resume == ResumeMode.Disable) await checkpoints.ClearAsync(Run.Stop);
        else if (await checkpoints.LoadNewestAsync(trainer.LoadState, Run.Stop))
            Run.Progress.Say($"continuing from the checkpoint of step {trainer.Step}");
        long start = trainer.Step, saved = start, savedAt = Run.Time.GetTimestamp(), trimmed = savedAt;
        var log = await MetricsLog.OpenAsync(Run.Output, MetricsFile.Training, start, Run.Time, Run.Stop, Run.Tracking);
        // A run that was interrupted after its last step has nothing left to train, only to write.
        TMetrics? last = log.Last is { } line ? JsonNode.Parse(line).Deserialize<TMetrics>(ApiJson.Options) : null;
        Run.Progress.Update(r => r with { Unit = "steps", Total = trainer.TotalSteps, Done = start });
        long begun = Run.Time.GetTimestamp(), tokensBefore = trainer.TokensSeen;
        double Seconds() => Math.Max(1e-3, Run.Time.GetElapsedTime(begun).TotalSeconds);
        var logged = training.LoggingSteps ?? Math.Clamp(trainer.TotalSteps / CurvePoints, 1, MostBetweenPoints);

        if (validation is not null && await Run.Output.Store.GetAsync(ValidationLoss.BlobName, Run.Stop) is null)
        {
            var before = validation.Loss();
            Run.Progress.Say($"validation loss before training: {before:F4}");
            await Run.Output.PutJsonAsync(ValidationLoss.BlobName, new ValidationLoss(start, before), Run.Stop);
        }
        while (trainer.Step < trainer.TotalSteps)
        {
            TMetrics metrics;
            try
            {
                metrics = trainer.TrainStep(Run.Stop);
            }
            catch (OperationCanceledException) when (Run.Stop.IsCancellationRequested)
            {
                await SaveAsync(); // the step that was begun is done again
                throw;
            }
            var step = trainer.Step;
            bool isLast = step == trainer.TotalSteps, validates = validation is not null && (isLast || step % validation.Steps == 0);
            metrics = trainer.With(metrics, (trainer.TokensSeen - tokensBefore) / Seconds(), validates ? validation!.Loss() : null);
            var rate = (step - start) / Seconds();
            Run.Progress.Tell(what, r => report(r with { Done = step, RatePerSecond = rate }, metrics), describe(metrics));
            if (step % logged == 0 || isLast || validates) await log.AddAsync(last = metrics, CancellationToken.None);
            // Else the holes that small tensors leave add up over hundreds of steps. It takes as long as a small step or two.
            if (Run.Time.GetElapsedTime(trimmed) >= TrimEvery)
            {
                HostMemory.ReturnFreedBlocks(Run.Devices[0]);
                trimmed = Run.Time.GetTimestamp();
            }
            if (step % training.SaveSteps == 0 || isLast || Run.Stop.IsCancellationRequested
                || Run.Time.GetElapsedTime(savedAt) >= TimeSpan.FromMinutes(training.SaveMinutes)) await SaveAsync();
            Run.Stop.ThrowIfCancellationRequested();
        }
        return last!;

        async Task SaveAsync()
        {
            if (trainer.Step == saved) return;
            await log.FlushAsync(CancellationToken.None);
            await checkpoints.SaveAsync(saved = trainer.Step, trainer.SaveState, CancellationToken.None);
            savedAt = Run.Time.GetTimestamp();
        }
    }

    /// <summary>Writes the trained adapter with the name of what it lies over.</summary>
    protected Task PutAdapterAsync(Trainer<TMetrics> trainer, ModelWithTokenizer model) => Run.Output.PutFolderAsync("adapter",
        folder => trainer.SaveAdapter(folder, ModelSources.PeftName(model.Uri), model.Adapters), Run.Stop);
}
