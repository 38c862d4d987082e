using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Every status that a run ever shows, through suspensions, changes and operators that come and go.</summary>
[Collection(nameof(DevCluster))]
public sealed class HistoryTests(DevCluster cluster)
{
    [Fact]
    public async Task Status_NeverGoesBackwards_AndSpeaksOfTheRightGeneration()
    {
        await using OperatorInCluster o = await OperatorInCluster.StartAsync(cluster, start: false);
        using var stop = new CancellationTokenSource();
        var seen = new ConcurrentQueue<SamplingRunEntity>();
        Task watch = Task.Run(async () =>
        {
            await foreach ((WatchEventType type, SamplingRunEntity run) in o.Client.WatchAsync<SamplingRunEntity>(o.Namespace, cancellationToken: stop.Token))
                if (type is WatchEventType.Added or WatchEventType.Modified) seen.Enqueue(run);
        });
        await o.StartAsync();
        await LiveAsync(o);
        await stop.CancelAsync();
        await watch.ContinueWith(_ => { }, TaskScheduler.Default);

        SamplingRunEntity[] history = [.. seen];
        Assert.True(history.Length > 8);
        foreach ((SamplingRunEntity before, SamplingRunEntity after) in history.Zip(history.Skip(1)))
        {
            SamplingRunStatus was = before.Status ?? new(), now = after.Status ?? new();
            string step = $"{was.Phase} → {now.Phase}";
            Assert.True(was.Phase is not (RunPhase.Succeeded or RunPhase.Failed) || now.Phase == was.Phase, step);
            Assert.True((now.ObservedGeneration ?? 0) >= (was.ObservedGeneration ?? 0) && (now.ObservedGeneration ?? 0) <= after.Metadata.Generation, step);
            Assert.True((now.Progress?.Done ?? 0) >= (was.Progress?.Done ?? 0), $"{step}: done fell from {was.Progress?.Done} to {now.Progress?.Done}");
            Assert.True((now.Shards?.Succeeded ?? 0) >= (was.Shards?.Succeeded ?? 0), step);
            Assert.True((now.Retries ?? 0) >= (was.Retries ?? 0), step);
            Assert.True(was.StartTime is null || now.StartTime == was.StartTime, step);
            Assert.True(was.CompletionTime is null || now.CompletionTime == was.CompletionTime, step);
            Assert.True(was.OutputUri is null || now.OutputUri == was.OutputUri, step);
            Assert.All(now.Conditions ?? [], c => Assert.Equal(now.ObservedGeneration, c.ObservedGeneration));
            string expected = now.Phase switch { RunPhase.Succeeded => "Current", RunPhase.Failed => "Failed", _ => "InProgress" };
            if (now.ObservedGeneration == after.Metadata.Generation) Assert.Equal(expected, Kstatus(after));
        }
        Assert.Equal((RunPhase.Succeeded, history[^1].Metadata.Generation), (history[^1].Status!.Phase!.Value, history[^1].Status.ObservedGeneration));
        Assert.Equal("100/100", history[^1].Status.Progress!.Display);
    }

    private static async Task LiveAsync(OperatorInCluster o)
    {
        SamplingRunEntity run = await o.ApplySamplingAsync(change: s => s with { Shards = 2 });
        IReadOnlyCollection<V1Pod> pods = await o.PodsAsync(run, 2);
        foreach (V1Pod pod in pods) await o.StartPodAsync(pod);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Active == 2, "both shards are at work");
        V1Pod one = pods.First(pod => PodState.Shard(pod) == 0);
        await o.PostAsync(await o.TokenAsync(one), o.Report(one, run, 20, 50));
        await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 20, "shows the report");
        await o.EndPodAsync(one, 0, Make.Json(o.Report(one, run, 50, 50, outcome: ReportOutcome.Succeeded)));
        await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Succeeded == 1, "counts the first shard");

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { parallelism = 1 } });
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = true } });
        await o.RunAsync<SamplingRunEntity>("s", s => Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended, "is suspended");
        await o.StopAsync();        // the next one knows nothing of the reports
        await o.StartAsync();
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = false } });
        V1Pod other = Assert.Single(await o.PodsAsync(run));
        await o.StartPodAsync(other);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Phase == RunPhase.Running, "goes on");
        await o.PostAsync(await o.TokenAsync(other), o.Report(other, run, 5, 50));
        await o.EndPodAsync(other, 0, Make.Json(o.Report(other, run, 50, 50, sequence: 2, outcome: ReportOutcome.Succeeded)));
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { ttlSecondsAfterFinished = 3600 } });
        await o.RunAsync<SamplingRunEntity>("s", s => s.ObservedGeneration == 5, "has seen the last change");
    }

    /// <summary>The status that kstatus computes for a custom resource from its conditions.</summary>
    private static string Kstatus(SamplingRunEntity run)
    {
        bool Holds(string type) => Conditions.Find(run.Status?.Conditions, type)?.Status == "True";
        return run.Status?.ObservedGeneration != run.Metadata.Generation ? "InProgress"
            : Holds(Conditions.Reconciling) ? "InProgress"
            : Holds(Conditions.Stalled) ? "Failed"
            : Holds(Conditions.Ready) ? "Current" : "InProgress";
    }
}
