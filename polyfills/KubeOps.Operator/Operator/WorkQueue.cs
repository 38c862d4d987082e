using System.Threading.Channels;
using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation;

namespace KubeOps.Operator;

internal sealed record WorkItem<TEntity>(string Key, TEntity Entity, ReconciliationType Type, ReconciliationTriggerSource Source)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    public static WorkItem<TEntity> Of(TEntity entity, ReconciliationType type, ReconciliationTriggerSource source) =>
        new(entity.Uid() ?? $"{entity.Namespace()}/{entity.Name()}", entity, type, source);

    /// <summary>Two items for one object become one. What is gone stays gone, whoever asks for it again.</summary>
    public WorkItem<TEntity> Then(WorkItem<TEntity> later) => Type == ReconciliationType.Deleted ? this : later;
}

/// <summary>
/// The work queue of controllers: an object waits in it at most once (dirty) and is worked on by one worker at a time (processing);
/// what comes in while it is worked on waits until that is done. Delayed items: the earliest time counts.
/// </summary>
internal sealed class WorkQueue<TEntity> : IDisposable
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly Channel<string> ready = Channel.CreateUnbounded<string>();
    private readonly Dictionary<string, WorkItem<TEntity>> dirty = [];
    private readonly HashSet<string> processing = [];
    private readonly Dictionary<string, (WorkItem<TEntity> Item, long Due)> delayed = [];
    private readonly PriorityQueue<string, long> schedule = new();
    private readonly Dictionary<string, int> failures = [];
    private bool closed;

    public WorkQueue(TimeProvider time)
    {
        this.time = time;
        timer = time.CreateTimer(_ => MoveDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Ready
    {
        get
        {
            lock (gate)
            {
                return dirty.Count;
            }
        }
    }

    public int Scheduled
    {
        get
        {
            lock (gate)
            {
                return delayed.Count;
            }
        }
    }

    /// <returns>False if the queue is closed.</returns>
    public bool Add(WorkItem<TEntity> item, TimeSpan delay = default)
    {
        lock (gate)
        {
            if (closed)
            {
                return false;
            }

            if (delay <= TimeSpan.Zero)
            {
                AddNow(item);
            }
            else
            {
                AddLater(item, time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency));
            }

            return true;
        }
    }

    /// <summary>The next object to work on; the caller must say <see cref="Done"/> afterwards.</summary>
    public async ValueTask<WorkItem<TEntity>> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await ready.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            dirty.Remove(key, out var item);
            processing.Add(key);
            return item!;
        }
    }

    public void Done(string key)
    {
        lock (gate)
        {
            processing.Remove(key);
            if (dirty.ContainsKey(key))
            {
                ready.Writer.TryWrite(key);
            }
        }
    }

    /// <summary>Counts a failure in a row.</summary>
    public int Failed(string key)
    {
        lock (gate)
        {
            return failures[key] = failures.GetValueOrDefault(key) + 1;
        }
    }

    public void Forget(string key)
    {
        lock (gate)
        {
            failures.Remove(key);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            dirty.Clear();
            delayed.Clear();
            schedule.Clear();
        }

        timer.Dispose();
        ready.Writer.TryComplete();
    }

    private void AddNow(WorkItem<TEntity> item)
    {
        var waits = dirty.TryGetValue(item.Key, out var earlier);
        dirty[item.Key] = earlier?.Then(item) ?? item;
        if (!waits && !processing.Contains(item.Key))
        {
            ready.Writer.TryWrite(item.Key);
        }
    }

    private void AddLater(WorkItem<TEntity> item, long due)
    {
        if (delayed.TryGetValue(item.Key, out var earlier) && earlier.Due <= due)
        {
            delayed[item.Key] = (earlier.Item.Then(item), earlier.Due);
            return;
        }

        delayed[item.Key] = (earlier.Item?.Then(item) ?? item, due);
        schedule.Enqueue(item.Key, due);
        SetTimer();
    }

    private void MoveDue()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            while (!closed && schedule.TryPeek(out var key, out var due) && (due <= now || !IsCurrent(key, due)))
            {
                schedule.Dequeue();
                if (IsCurrent(key, due) && delayed.Remove(key, out var entry))
                {
                    AddNow(entry.Item);
                }
            }

            SetTimer();
        }
    }

    private bool IsCurrent(string key, long due) => delayed.TryGetValue(key, out var entry) && entry.Due == due;

    private void SetTimer()
    {
        if (!closed && schedule.TryPeek(out _, out var due))
        {
            var seconds = Math.Max(0, due - time.GetTimestamp()) / (double)time.TimestampFrequency;
            timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(seconds * 1000)), Timeout.InfiniteTimeSpan);
        }
    }
}
