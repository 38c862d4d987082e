using System.Collections.Concurrent;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Every status that the SamplingRuns of a namespace ever show, and that it goes one way.</summary>
internal sealed class StatusHistory : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<SamplingRunEntity> seen = new();
    private readonly Task watch;

    public StatusHistory(OperatorInCluster o) => watch = Task.Run(async () =>
    {
        await foreach ((WatchEventType type, SamplingRunEntity run) in o.Client.WatchAsync<SamplingRunEntity>(o.Namespace, cancellationToken: stop.Token))
            if (type is WatchEventType.Added or WatchEventType.Modified) seen.Enqueue(run);
    });

    /// <summary>Ends the watch and gives what it has seen of one run, in order.</summary>
    public async Task<SamplingRunEntity[]> OfAsync(string name)
    {
        await stop.CancelAsync();
        await watch.ContinueWith(_ => { }, TaskScheduler.Default);
        return [.. seen.Where(run => run.Metadata.Name == name)];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watch.ContinueWith(_ => { }, TaskScheduler.Default);
        stop.Dispose();
    }

    /// <summary>Nothing that was reached is taken back, and each status speaks of the generation that it names, in words that kstatus reads.</summary>
    public static void AssertForward(SamplingRunEntity[] history)
    {
        foreach ((SamplingRunEntity before, SamplingRunEntity after) in history.Zip(history.Skip(1)))
        {
            SamplingRunStatus was = before.Status ?? new(), now = after.Status ?? new();
            string step = $"{after.Metadata.Name}: {was.Phase} → {now.Phase}";
            Assert.True(was.Phase is not (RunPhase.Succeeded or RunPhase.Failed) || now.Phase == was.Phase, step);
            Assert.True((now.ObservedGeneration ?? 0) >= (was.ObservedGeneration ?? 0) && (now.ObservedGeneration ?? 0) <= after.Metadata.Generation, step);
            Assert.True((now.Progress?.Done ?? 0) >= (was.Progress?.Done ?? 0), $"{step}: done fell from {was.Progress?.Done} to {now.Progress?.Done}");
            Assert.True((now.Progress?.Percent ?? 0) >= (was.Progress?.Percent ?? 0), step);
            Assert.True((now.Shards?.Succeeded ?? 0) >= (was.Shards?.Succeeded ?? 0), $"{step}: shards done fell from {was.Shards?.Succeeded} to {now.Shards?.Succeeded}");
            Assert.True((now.Retries ?? 0) >= (was.Retries ?? 0), step);
            Assert.True(was.StartTime is null || now.StartTime == was.StartTime, step);
            Assert.True(was.CompletionTime is null || now.CompletionTime == was.CompletionTime, step);
            Assert.True(was.OutputUri is null || now.OutputUri == was.OutputUri, step);
            Assert.All(now.Conditions ?? [], c => Assert.Equal(now.ObservedGeneration, c.ObservedGeneration));
            string expected = now.Phase switch { RunPhase.Succeeded => "Current", RunPhase.Failed => "Failed", _ => "InProgress" };
            if (now.ObservedGeneration == after.Metadata.Generation) Assert.Equal(expected, Kstatus(after));
        }
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
