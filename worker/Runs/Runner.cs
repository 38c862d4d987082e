using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;
using TorchSharp;

namespace LightReasoner.Worker.Runs;

/// <summary>How a document is run, beyond what the document says.</summary>
public sealed record RunOptions
{
    /// <summary>Part of a SamplingRun that this process works on; null works on all, one after the other.</summary>
    public int? Shard { get; init; }

    /// <summary>Output folder that overrides the document's.</summary>
    public string? Output { get; init; }

    /// <summary>Prefix of default outputs.</summary>
    public string OutputPrefix { get; init; } = "./runs";

    /// <summary>Where referenced runs wrote, each <c>KIND/NAME=URI</c>.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Names this attempt; unique among attempts.</summary>
    public string Attempt { get; init; } = Guid.NewGuid().ToString();

    /// <summary>Where progress is reported.</summary>
    public ReportTargets Targets { get; init; } = new(null, null, null);
}

/// <summary>Runs a document from beginning to end in this process, or goes on with what an earlier attempt left.</summary>
public sealed class Runner(RunOptions options, ConsoleProgress progress, TimeProvider time)
{
    /// <summary>Runs the document.</summary>
    /// <returns>The exit code; every error has been shown and reported.</returns>
    public async Task<ExitCode> RunAsync(Manifest manifest, CancellationToken stop)
    {
        int shards = (manifest as SamplingRun)?.Spec.Shards ?? 1;
        if (options.Shard is < 0 || options.Shard >= shards)
            throw new WorkerException(ExitCode.Usage, $"--shard must be from 0 to {shards - 1}, was {options.Shard}");
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
        try
        {
            DocumentUris.Check(manifest);
            string uri = options.Output ?? manifest.RunSpec.Output?.Uri
                ?? RunReferences.DefaultOutput(options.OutputPrefix, manifest.Metadata.Namespace, manifest.Metadata.Name);
            var references = new RunReferences(options.References, options.OutputPrefix, identity.Namespace);
            string scope = shards > 1 ? $"shard-{shard:D5}" : "run", resultBlob = $"results/{scope}.json";
            RunOutput output = await RunOutput.ClaimAsync(BlobUri.Open(uri), scope, options.Attempt, stop);
            await RunRecord.EnsureAsync(output, manifest, references, time, stop);

            if (await output.Store.GetAsync(resultBlob, stop) is { } result)
            {
                ProgressReport done = JsonSerializer.Deserialize<ProgressReport>(result.Bytes, ApiJson.Options)!;
                reporter.Update(report => done with { Attempt = report.Attempt, Sequence = report.Sequence });
                progress.Say($"{uri} is complete already; nothing is left to do");
                if (await output.Store.TagAsync(RunReport.BlobName, stop) is null) await RunReport.WriteAsync(output, time, CancellationToken.None);
            }
            else
            {
                IReadOnlyList<torch.Device> devices = Devices.For(manifest.RunSpec.Worker);
                var feed = new ProgressFeed(reporter, progress);
                using var models = new ModelSources(references, devices[0], feed);
                var context = new RunContext(manifest, shard, output, references, models, devices, feed, time, stop);
                await (manifest switch
                {
                    SamplingRun run => new SamplingWork(context, run).RunAsync(),
                    FineTuneRun run => new FineTuneWork(context, run).RunAsync(),
                    RefineRun run => new RefineWork(context, run).RunAsync(),
                    _ => throw new WorkerException(ExitCode.BadManifest, $"{manifest.Kind} is not a kind that this worker runs"),
                });
                await output.PutTextAsync(resultBlob, JsonSerializer.Serialize(
                    reporter.Latest with { Outcome = ReportOutcome.Succeeded, Attempt = "", Sequence = 0 }, ApiJson.Indented), CancellationToken.None);
                await RunReport.WriteAsync(output, time, CancellationToken.None);
            }
            await reporter.FinishAsync(ReportOutcome.Succeeded, null);
            progress.Say($"done: {uri}");
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            const string message = "stopped on request; what was finished is saved, and the next attempt goes on from there";
            progress.EndLine();
            Console.Error.WriteLine(message);
            await reporter.FinishAsync(ReportOutcome.Interrupted, message);
            return ExitCode.Terminated;
        }
        catch (Exception e)
        {
            ExitCode code = WorkerException.CodeOf(e);
            progress.EndLine();
            // What nobody foresaw is shown with its origin; the rest is meant for the person who reads it.
            Console.Error.WriteLine(Redactor.OfProcess.Redact(code == ExitCode.Failure && e is not WorkerException ? e.ToString() : $"error: {e.Message}"));
            await reporter.FinishAsync(ReportOutcome.Failed, e.Message);
            return code;
        }
    }
}
