using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>The loss on the validation data before training.</summary>
/// <param name="Step">Steps done then.</param>
/// <param name="Loss">The loss.</param>
internal sealed record ValidationLoss(long Step, double Loss)
{
    /// <summary>Where a run keeps it.</summary>
    public const string BlobName = "validation-before.json";
}

/// <summary>The course of a training run: resume, step, log, save, and stop in between when asked to.</summary>
/// <typeparam name="TMetrics">Figures of a step.</typeparam>
internal abstract class TrainingWork<TMetrics>(RunContext run)
    where TMetrics : class
{
    /// <summary>A trainer, as far as its course is concerned.</summary>
    /// <param name="Step">Optimizer steps done.</param>
    /// <param name="TotalSteps">Optimizer steps in all.</param>
    /// <param name="TokensSeen">Tokens that went through the model so far.</param>
    /// <param name="TrainStep">Does one optimizer step, which the token ends between two micro batches; takes the tokens per second so far, for its figures.</param>
    /// <param name="Save">Writes the state into a folder.</param>
    /// <param name="Load">Reads the state from a folder.</param>
    protected sealed record Loop(
        Func<long> Step, long TotalSteps, Func<long> TokensSeen, Func<Func<double>, CancellationToken, TMetrics> TrainStep, Action<string> Save, Action<string> Load);

    /// <summary>Measures the loss on data that is not trained on.</summary>
    /// <param name="Steps">Every so many steps.</param>
    /// <param name="Loss">Measures it now.</param>
    /// <param name="Into">Puts it among a step's figures.</param>
    protected sealed record Validation(int Steps, Func<double> Loss, Func<TMetrics, double, TMetrics> Into);

    protected RunContext Run { get; } = run;

    /// <summary>What the steps will take, by one or two that are done and thrown away.</summary>
    protected TimeSpan Time(Loop trainer)
    {
        TimeSpan last = default;
        for (int i = 0; i < 2 && last < TimeSpan.FromSeconds(30); i++) // the first one warms up
        {
            long begun = Run.Time.GetTimestamp();
            trainer.TrainStep(() => 0, Run.Stop);
            last = Run.Time.GetElapsedTime(begun);
        }
        return last * trainer.TotalSteps;
    }

    /// <summary>The plan of a training.</summary>
    /// <param name="model">The model.</param>
    /// <param name="work">What is trained on.</param>
    /// <param name="adapter">The adapter that is trained; null for all weights.</param>
    /// <param name="rows">Sequences in a forward pass.</param>
    /// <param name="length">Tokens of the longest.</param>
    /// <param name="maxLength">Most tokens that the document allows.</param>
    /// <param name="checkpointing">Whether layers are computed again.</param>
    /// <param name="keep">Most checkpoints that are kept, no more than there are steps.</param>
    /// <param name="writesModel">Whether a whole model is written in the end.</param>
    /// <param name="warnings">What else may go wrong.</param>
    protected RunPlan Plan(ModelWithTokenizer model, string work, LoraSpec? adapter, int rows, int length, int maxLength, bool checkpointing, int keep, bool writesModel, IEnumerable<string> warnings)
    {
        CausalLM causal = model.Loaded.Model;
        MemoryPrediction memory = MemoryPrediction.Training(causal.Config, causal.DType, adapter, rows, length, checkpointing, Run.Devices.Count);
        // Weights that are trained, with two moments and (for 16 bits) a master copy; and what is written at the end.
        long trained = MemoryPrediction.Trained(causal.Config, adapter), weights = MemoryPrediction.Weights(causal);
        long checkpoint = trained * (adapter is null && causal.DType != TorchSharp.torch.ScalarType.Float32 ? 14 : 12), result = adapter is null ? weights : 4 * trained + (writesModel ? weights : 0);
        return new RunPlan
        {
            Models = [RunPlan.ModelLine("model", model)],
            Work = work,
            Memory = memory.WithProcess(Run.Devices[0], weights, Run.Devices.Count),
            MemoryRemedy = "a smaller spec.training.batchSize with more gradientAccumulationSteps needs less, and so does gradientCheckpointing: true",
            Writes = $"checkpoints/, {(adapter is null ? "model/" : writesModel ? "adapter/, model/" : "adapter/")}, metrics.jsonl, report.html and run.json there",
            OutputBytes = (keep + 1L) * checkpoint + result,
            ScratchBytes = Math.Max(checkpoint, result),
            Warnings =
            [
                .. warnings,
                .. maxLength > causal.Config.MaxPositionEmbeddings && length > causal.Config.MaxPositionEmbeddings
                    ? [$"spec.training.maxLength is {maxLength} and the longest sequence has {length} tokens, but the model's context is {causal.Config.MaxPositionEmbeddings}"] : (string[])[],
            ],
        };
    }

    protected static Validation? Validate(ValidationSpec? spec, Func<double> loss, Func<TMetrics, double, TMetrics> into) => spec is null ? null : new Validation(spec.Steps, loss, into);

    /// <summary>The sequences that validation reads; none without a spec.</summary>
    protected async Task<IReadOnlyList<RefineSequence>> ValidationAsync(
        ValidationSpec? spec, ModelWithTokenizer model, string promptField, string responseField, PromptSpec prompt, int maxLength, EosTail tail, Truncation truncation)
    {
        if (spec is null) return [];
        string uri = Run.References.DatasetUri(spec.Dataset);
        using SpooledList<PromptResponse> records = await Datasets.PromptResponsesAsync(uri, spec.Dataset.Format, spec.PromptField ?? promptField, spec.ResponseField ?? responseField, Run.Stop);
        int eos = RefineTrainer.EosOf(model.Loaded, model.Tokenizer);
        RefineSequence[] sequences =
        [
            .. records.Take(spec.MaxRecords ?? int.MaxValue).Select(record =>
            {
                (int[] before, int[] response) = ResponseEncoder.Encode(model.Tokenizer, spec.Prompt ?? prompt, record, model.Loaded.Model.Config.VocabSize);
                return RefineSequence.Build(before, response, eos, tail, maxLength, truncation, record.Place);
            }).Where(sequence => sequence.Targets > 0),
        ];
        return sequences.Length > 0 ? sequences : throw new WorkerException(ExitCode.BadData, $"{uri}: spec.training.maxLength ({maxLength}) leaves nothing of any response to be measured");
    }

    /// <summary>Trains to the last step and returns the figures of the last one logged.</summary>
    protected async Task<TMetrics> TrainAsync(
        Loop trainer, int saveSteps, int saveMinutes, int keep, int loggingSteps, ResumeMode resume, string what, Func<TMetrics, string> describe,
        Func<ProgressReport, TMetrics, ProgressReport> report, Validation? validation)
    {
        var checkpoints = new Checkpoints(Run.Output, keep);
        if (resume == ResumeMode.Disable) await checkpoints.ClearAsync(Run.Stop);
        else if (await checkpoints.LoadNewestAsync(trainer.Load, Run.Stop)) Run.Progress.Say($"continuing from the checkpoint of step {trainer.Step()}");
        long start = trainer.Step(), saved = start, savedAt = Run.Time.GetTimestamp();
        MetricsLog log = await MetricsLog.OpenAsync(Run.Output, MetricsFile.Training, start, Run.Time, Run.Stop, Run.Tracking);
        // A run that was interrupted after its last step has nothing left to train, only to write.
        TMetrics? last = log.Last is { } line ? JsonNode.Parse(line).Deserialize<TMetrics>(ApiJson.Options) : null;
        Run.Progress.Update(r => r with { Unit = "steps", Total = trainer.TotalSteps, Done = start });
        long begun = Run.Time.GetTimestamp(), tokensBefore = trainer.TokensSeen();
        double Seconds() => Math.Max(1e-3, Run.Time.GetElapsedTime(begun).TotalSeconds);

        if (validation is not null && await Run.Output.Store.GetAsync(ValidationLoss.BlobName, Run.Stop) is null)
        {
            double before = validation.Loss();
            Run.Progress.Say(FormattableString.Invariant($"validation loss before training: {before:F4}"));
            await Run.Output.PutTextAsync(ValidationLoss.BlobName, JsonSerializer.Serialize(new ValidationLoss(start, before), ApiJson.Options) + "\n", Run.Stop);
        }
        while (trainer.Step() < trainer.TotalSteps)
        {
            TMetrics metrics;
            try
            {
                metrics = trainer.TrainStep(() => (trainer.TokensSeen() - tokensBefore) / Seconds(), Run.Stop);
            }
            catch (OperationCanceledException) when (Run.Stop.IsCancellationRequested)
            {
                await SaveAsync(); // the step that was begun is done again
                throw;
            }
            long step = trainer.Step();
            bool isLast = step == trainer.TotalSteps, validates = validation is not null && (isLast || step % validation.Steps == 0);
            if (validates) metrics = validation!.Into(metrics, validation.Loss());
            double rate = (step - start) / Seconds();
            Run.Progress.Tell(what, r => report(r with { Done = step, RatePerSecond = rate }, metrics), describe(metrics));
            if (step % loggingSteps == 0 || isLast || validates) await log.AddAsync(last = metrics, CancellationToken.None);
            if (step % saveSteps == 0 || isLast || Run.Stop.IsCancellationRequested || Run.Time.GetElapsedTime(savedAt) >= TimeSpan.FromMinutes(saveMinutes)) await SaveAsync();
            Run.Stop.ThrowIfCancellationRequested();
        }
        return last!;

        async Task SaveAsync()
        {
            if (trainer.Step() == saved) return;
            await log.FlushAsync(CancellationToken.None);
            await checkpoints.SaveAsync(saved = trainer.Step(), trainer.Save, CancellationToken.None);
            savedAt = Run.Time.GetTimestamp();
        }
    }

    /// <summary>Writes a folder of results: complete, or not there as far as a reader can tell.</summary>
    protected async Task PutFolderAsync(string name, Action<string> save)
    {
        using var staging = new ScratchFolder();
        save(staging.Path);
        await Run.Output.PutFolderAsync(staging.Path, name, Run.Stop);
    }
}
