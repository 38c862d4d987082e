using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Queue;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Watching;

/// <summary>
/// Asks for runs to be reconciled, at once or later. Later requests wait here, one for each name, and the earliest counts: KubeOps' own
/// timers replace one another, and are dropped after an outage of the API server. KubeOps reads the run anew, so an address is enough; a
/// run that is gone by then costs one read, and a later run of its name loses nothing.
/// </summary>
internal sealed class RunQueue : IDisposable
{
    private readonly IServiceProvider services;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<RunKey, (string Uid, long Due)> waiting = [];
    private readonly PriorityQueue<RunKey, long> schedule = new();
    private readonly ITimer timer;

    public RunQueue(IServiceProvider services, TimeProvider time)
    {
        this.services = services;
        this.time = time;
        timer = time.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs that wait for their time.</summary>
    public int Scheduled
    {
        get
        {
            lock (gate) return waiting.Count;
        }
    }

    /// <summary>Has a run reconciled after a while, unless it is anyhow before.</summary>
    public void Add(RunKey run, string uid, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            lock (gate) waiting.Remove(run);
            _ = EnqueueAsync(run, uid);
            return;
        }
        var due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
        lock (gate)
        {
            if (waiting.TryGetValue(run, out var earlier) && earlier.Due <= due) return;
            waiting[run] = (uid, due);
            schedule.Enqueue(run, due);
            SetTimer();
        }
    }

    /// <summary>Has runs reconciled at once.</summary>
    public void Add(IEnumerable<(RunKey Run, string Uid)> runs)
    {
        foreach (var (run, uid) in runs) Add(run, uid, TimeSpan.Zero);
    }

    public void Forget()
    {
        lock (gate)
        {
            waiting.Clear();
            schedule.Clear();
        }
    }

    public void Dispose() => timer.Dispose();

    private void Fire()
    {
        var due = new List<(RunKey Run, string Uid)>();
        lock (gate)
        {
            var now = time.GetTimestamp();
            while (schedule.TryPeek(out var run, out var at) && at <= now)
            {
                schedule.Dequeue();
                if (waiting.TryGetValue(run, out var entry) && entry.Due == at && waiting.Remove(run)) due.Add((run, entry.Uid));
            }
            SetTimer();
        }
        foreach (var (run, uid) in due) _ = EnqueueAsync(run, uid);
    }

    private void SetTimer()
    {
        if (!schedule.TryPeek(out _, out var at)) return;
        var seconds = Math.Clamp((at - time.GetTimestamp()) / (double)time.TimestampFrequency, 0, 86_400);
        timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(seconds * 1000)), Timeout.InfiniteTimeSpan);
    }

    private async Task EnqueueAsync(RunKey run, string uid)
    {
        try
        {
            await (run.Kind switch
            {
                RunKind.SamplingRun => Enqueue(new SamplingRunEntity { Metadata = Address(run, uid) }),
                RunKind.FineTuneRun => Enqueue(new FineTuneRunEntity { Metadata = Address(run, uid) }),
                _ => Enqueue(new RefineRunEntity { Metadata = Address(run, uid) }),
            }).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The operator has ended.
        }
    }

    private static V1ObjectMeta Address(RunKey run, string uid) => new() { Name = run.Name, NamespaceProperty = run.Namespace, Uid = uid };

    private Task<bool> Enqueue<T>(T run)
        where T : IRunEntity =>
        services.GetRequiredService<EntityQueue<T>>()(
            run.Initialize(), ReconciliationType.Modified, ReconciliationTriggerSource.Operator, TimeSpan.Zero, retryCount: 0,
                CancellationToken.None);
}
