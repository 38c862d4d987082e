using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

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

    protected RunContext Run { get; } = run;

    /// <summary>Trains to the last step and returns the figures of the last one logged.</summary>
    protected async Task<TMetrics> TrainAsync(
        Loop trainer, int saveSteps, int saveMinutes, int keep, int loggingSteps, ResumeMode resume, string what, Func<TMetrics, string> describe,
        Func<ProgressReport, TMetrics, ProgressReport> report)
    {
        var checkpoints = new Checkpoints(Run.Output, keep);
        if (resume == ResumeMode.Disable) await checkpoints.ClearAsync(Run.Stop);
        else if (await checkpoints.LoadNewestAsync(trainer.Load, Run.Stop)) Run.Progress.Say($"going on from the checkpoint of step {trainer.Step()}");
        long start = trainer.Step(), saved = start, savedAt = Run.Time.GetTimestamp();
        MetricsLog log = await MetricsLog.OpenAsync(Run.Output, MetricsFile.Training, start, Run.Time, Run.Stop, Run.Tracking);
        // A run that was interrupted after its last step has nothing left to train, only to write.
        TMetrics? last = log.Last is { } line ? JsonNode.Parse(line).Deserialize<TMetrics>(ApiJson.Options) : null;
        Run.Progress.Update(r => r with { Unit = "steps", Total = trainer.TotalSteps, Done = start });
        long begun = Run.Time.GetTimestamp(), tokensBefore = trainer.TokensSeen();
        double Seconds() => Math.Max(1e-3, Run.Time.GetElapsedTime(begun).TotalSeconds);

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
            double rate = (step - start) / Seconds();
            Run.Progress.Tell(what, r => report(r with { Done = step, RatePerSecond = rate }, metrics), describe(metrics));
            bool isLast = step == trainer.TotalSteps;
            if (step % loggingSteps == 0 || isLast) await log.AddAsync(last = metrics, CancellationToken.None);
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
