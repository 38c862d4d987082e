using LightReasoner.Api.Validation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>How a document is run, beyond what the document says.</summary>
internal sealed record RunOptions
{
    /// <summary>Part of a SamplingRun that this process works on; null works on all, one after the other.</summary>
    public int? Shard { get; init; }

    public string? Output { get; init; }
    public string OutputPrefix { get; init; } = "./runs";

    /// <summary>Where referenced runs wrote, each <c>KIND/NAME=URI</c>.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Says what would be done, and how long it would take, and does nothing of it.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>Shows where in the program an error came up, whatever it is.</summary>
    public bool Verbose { get; init; }

    public string Attempt { get; init; } = Guid.NewGuid().ToString();
    public ReportTargets Targets { get; init; } = new(null, null, null);
}

/// <summary>Runs a document from beginning to end in this process, or goes on with what an earlier attempt left.</summary>
internal sealed class Runner(RunOptions options, ConsoleProgress progress, TimeProvider time)
{
    /// <returns>The exit code; every error has been shown and reported.</returns>
    public async Task<ExitCode> RunAsync(Manifest manifest, CancellationToken stop)
    {
        var shards = (manifest as SamplingRun)?.Spec.Shards ?? 1;
        if (options.Shard is < 0 || options.Shard >= shards)
            throw new WorkerException(ExitCode.Usage, $"--shard must be from 0 to {shards - 1}, was {options.Shard}");
        if (options.PlanOnly) return await RunShardAsync(manifest, options.Shard ?? 0, shards, stop);
        for (int shard = options.Shard ?? 0; shard < (options.Shard + 1 ?? shards); shard++)
            if (await RunShardAsync(manifest, shard, shards, stop) is not ExitCode.Done and var code) return code;
        return ExitCode.Done;
    }

    private async Task<ExitCode> RunShardAsync(Manifest manifest, int shard, int shards, CancellationToken stop)
    {
        var identity = new ProgressReport
        {
            Kind = manifest.Kind,
            Namespace = manifest.Metadata.Namespace ?? "default",
            Name = manifest.Metadata.Name,
            Shard = shard,
            Attempt = options.Attempt,
        };
        await using var reporter = new ProgressReporter(identity, options.Targets, time);
        var feed = new ProgressFeed(reporter, progress);
        RunOutput? output = null;
        MlflowTracking? tracking = null;
        bool done = false, gone = false;
        var begun = time.GetTimestamp();
        try
        {
            DocumentUris.Check(manifest);
            var uri = options.Output ?? manifest.RunSpec.Output?.Uri
                ?? RunReferences.DefaultOutput(options.OutputPrefix, manifest.Kind, manifest.Metadata.Namespace, manifest.Metadata.Name);
            var references = new RunReferences(options.References, options.OutputPrefix, identity.Namespace);
            var scope = RunResult.ScopeOf(shard, shards);
            var store = BlobUri.Open(uri);
            var inputs = await RunInputs.FingerprintsAsync(manifest, references, stop);
            if (options.PlanOnly)
            {
                await WorkAsync(RunOutput.Unclaimed(store), inputs);
                return ExitCode.Done;
            }
            output = await RunOutput.ClaimAsync(store, scope, options.Attempt, stop, other =>
                progress.Say($"warning: {other} did not record its end: it was killed, or it still writes to {uri}. This attempt takes "
                    + "over, and the other one stops at its next write"));
            var more = await RunRecord.EnsureAsync(output, manifest, inputs, time, stop);
            if (more.Count > 0) progress.Say($"continuing from existing output: {string.Join("; ", more)}");
            if (manifest.RunSpec.Tracking?.Mlflow is { } mlflow)
                tracking = new MlflowTracking(mlflow, manifest, scope, uri, await RunRecord.BegunAsync(store, stop), feed.Say, time);

            if (await RunResult.ReadAsync(store, scope, manifest.RunSpec, stop) is { } result)
            {
                reporter.Update(report => result.Report with { Attempt = report.Attempt, Sequence = report.Sequence });
                progress.Say($"{uri} is already complete; nothing to do");
                if (await output.Store.TagAsync(RunReport.BlobName, stop) is null)
                    await RunReport.WriteAsync(output, shards, time, CancellationToken.None);
            }
            else
            {
                var devices = await WorkAsync(output, inputs);
                var usage = new RunUsage
                {
                    Device = RunPlan.DeviceLine(devices),
                    Devices = devices.Count,
                    PeakMemory = DeviceMemory.Peak(devices[0]),
                    Seconds = Math.Round(time.GetElapsedTime(begun).TotalSeconds, 1),
                    Interruptions = output.Interruptions,
                };
                await RunResult.WriteAsync(output, scope, manifest.RunSpec, reporter.Latest, usage, CancellationToken.None);
                await RunReport.WriteAsync(output, shards, time, CancellationToken.None);
            }
            done = true;
            await FinishAsync(ReportOutcome.Succeeded, null);
            progress.Finish(reporter.Latest, $"done: {uri}");
            return ExitCode.Done;

            async Task<IReadOnlyList<torch.Device>> WorkAsync(RunOutput output, JsonObject inputs)
            {
                var devices = Devices.For(manifest.RunSpec.Worker);
                using var models = new ModelSources(references, devices[0], feed);
                var context = new RunContext(manifest, shard, output, references, models, devices, feed, tracking, time, inputs,
                    options.PlanOnly, options.PlanOnly && options.Shard is null, stop);
                await (manifest switch
                {
                    SamplingRun run => new SamplingWork(context, run).RunAsync(),
                    FineTuneRun run => new FineTuneWork(context, run).RunAsync(),
                    RefineRun run => new RefineWork(context, run).RunAsync(),
                    _ => throw new WorkerException(ExitCode.BadManifest, $"{manifest.Kind} is not a kind that this worker runs"),
                });
                return devices;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            const string message = "stopped on request; finished work is saved, and the next attempt continues from it";
            return await EndAsync(ReportOutcome.Interrupted, message, message, ExitCode.Terminated);
        }
        catch (Exception e)
        {
            // A host that cannot be reached is not asked again.
            for (Exception? cause = WorkerException.CauseOf(e); cause is not null; cause = cause.InnerException)
                gone |= cause is UnreachableHostException;
            return await EndAsync(ReportOutcome.Failed, WorkerException.TextOf(e, options.Verbose), WorkerException.MessageOf(e),
                WorkerException.CodeOf(e));
        }
        finally
        {
            try
            {
                if (output is not null && !gone) await output.ReleaseAsync(done, CancellationToken.None);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Nothing of what was done changes; the next attempt says that it takes over.
            }
            if (tracking is not null) await tracking.DisposeAsync();
        }

        async Task<ExitCode> EndAsync(ReportOutcome outcome, string shown, string message, ExitCode code)
        {
            progress.EndLine();
            Console.Error.WriteLine(shown);
            await FinishAsync(outcome, message);
            progress.Finish(reporter.Latest, null);
            return code;
        }

        async Task FinishAsync(ReportOutcome outcome, string? message)
        {
            await reporter.FinishAsync(outcome, message);
            if (tracking is null) return;
            var accuracy = reporter.Latest.FineTune?.Evaluation ?? reporter.Latest.Refine?.Evaluation;
            var figures = JsonSerializer.SerializeToNode(accuracy, ApiJson.Options);
            if (figures is not null) tracking.Add(new JsonObject { ["step"] = reporter.Latest.Done, ["evaluation"] = figures }, "step");
            await tracking.FinishAsync(outcome, outcome == ReportOutcome.Succeeded
                ? async limit => (await output!.Store.GetAsync(RunReport.BlobName, limit))?.Bytes : null);
        }
    }
}
