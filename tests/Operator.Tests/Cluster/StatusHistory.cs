using System.Collections.Concurrent;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Every status that the SamplingRuns of a namespace ever show, and that it goes one way.</summary>
internal sealed class StatusHistory : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<SamplingRunEntity> seen = new();
    private readonly OperatorInCluster o;
    private readonly Task watch;

    private StatusHistory(OperatorInCluster o, string version)
    {
        this.o = o;
        watch = Task.Run(async () =>
        {
            await foreach (var (type, run) in o.Client.WatchAsync<SamplingRunEntity>(o.Namespace, version,
                cancellationToken: stop.Token))
                if (type is WatchEventType.Added or WatchEventType.Modified) seen.Enqueue(run);
        });
    }

    /// <summary>Watches from the moment in which the namespace was made, whenever the watch really begins.</summary>
    public static async Task<StatusHistory> StartAsync(OperatorInCluster o) =>
        new(o, (await o.Client.GetAsync<V1Namespace>(o.Namespace))!.Metadata.ResourceVersion);

    /// <summary>What the watch has seen of one run up to its present state, in order.</summary>
    public async Task<SamplingRunEntity[]> OfAsync(string name)
    {
        var last = (await o.Client.GetAsync<SamplingRunEntity>(name, o.Namespace))!.Metadata.ResourceVersion;
        using var limit = new CancellationTokenSource(Until.Patience);
        while (!seen.Any(run => run.Metadata.ResourceVersion == last)) await Task.Delay(10, limit.Token);
        return [.. seen.Where(run => run.Metadata.Name == name)];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watch.ContinueWith(_ => { }, TaskScheduler.Default);
        stop.Dispose();
    }

    /// <summary>
    /// Nothing that was reached is taken back, and each status speaks of the generation that it names, in words that kstatus reads.
    /// </summary>
    public static void AssertForward(SamplingRunEntity[] history)
    {
        foreach (var (before, after) in history.Zip(history.Skip(1)))
        {
            SamplingRunStatus was = before.Status ?? new(), now = after.Status ?? new();
            var step = $"{after.Metadata.Name}: {was.Phase} → {now.Phase}";
            Assert.True(was.Phase is not (RunPhase.Succeeded or RunPhase.Failed) || now.Phase == was.Phase, step);
            Assert.True((now.ObservedGeneration ?? 0) >= (was.ObservedGeneration ?? 0)
                && (now.ObservedGeneration ?? 0) <= after.Metadata.Generation, step);
            Assert.True((now.Progress?.Done ?? 0) >= (was.Progress?.Done ?? 0),
                $"{step}: done fell from {was.Progress?.Done} to {now.Progress?.Done}");
            Assert.True((now.Progress?.Percent ?? 0) >= (was.Progress?.Percent ?? 0), step);
            Assert.True((now.Shards?.Succeeded ?? 0) >= (was.Shards?.Succeeded ?? 0),
                $"{step}: shards done fell from {was.Shards?.Succeeded} to {now.Shards?.Succeeded}");
            Assert.True((now.Retries ?? 0) >= (was.Retries ?? 0), step);
            Assert.True(was.StartTime is null || now.StartTime == was.StartTime, step);
            Assert.True(was.CompletionTime is null || now.CompletionTime == was.CompletionTime, step);
            Assert.True(was.OutputUri is null || now.OutputUri == was.OutputUri, step);
            Assert.All(now.Conditions ?? [], c => Assert.Equal(now.ObservedGeneration, c.ObservedGeneration));
            var expected = now.Phase switch { RunPhase.Succeeded => "Current", RunPhase.Failed => "Failed", _ => "InProgress" };
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
