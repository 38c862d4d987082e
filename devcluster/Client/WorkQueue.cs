using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Client;

/// <summary>
/// Keys that wait to be worked on. A key is never worked on twice at a time, and one added while it is being worked on
/// comes again afterwards. Delayed keys: the earliest time asked for wins.
/// </summary>
internal sealed class WorkQueue(TimeProvider clock)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Channel<string> ready = Channel.CreateUnbounded<string>();
    private readonly HashSet<string> dirty = [];
    private readonly HashSet<string> processing = [];
    private readonly Dictionary<string, (DateTimeOffset Due, ITimer Timer)> waiting = [];
    private readonly Dictionary<string, int> failures = [];

    public void Add(string key)
    {
        lock (gate)
        {
            if (!dirty.Add(key) || processing.Contains(key)) return;
            ready.Writer.TryWrite(key);
        }
    }

    public void AddAfter(string key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }
        lock (gate)
        {
            var due = clock.GetUtcNow() + delay;
            if (waiting.TryGetValue(key, out var entry))
            {
                if (entry.Due <= due) return;
                entry.Timer.Dispose();
            }
            ITimer? timer = null;
            timer = clock.CreateTimer(_ => Fire(key, timer!), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            waiting[key] = (due, timer);
            timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Comes again after a delay that doubles with every failure in a row.</summary>
    public void AddRateLimited(string key)
    {
        int count;
        lock (gate) count = failures[key] = failures.GetValueOrDefault(key) + 1;
        var delay = FirstRetry * Math.Pow(2, Math.Min(count - 1, 16));
        AddAfter(key, delay < MaxRetry ? delay : MaxRetry);
    }

    /// <summary>The key went well: its next failure starts with the shortest delay again.</summary>
    public void Forget(string key)
    {
        lock (gate) failures.Remove(key);
    }

    public async ValueTask<string> TakeAsync(CancellationToken cancel)
    {
        var key = await ready.Reader.ReadAsync(cancel);
        lock (gate)
        {
            dirty.Remove(key);
            processing.Add(key);
        }
        return key;
    }

    public void Done(string key)
    {
        lock (gate)
        {
            processing.Remove(key);
            if (dirty.Contains(key)) ready.Writer.TryWrite(key);
        }
    }

    /// <summary>Works on keys until cancelled: one that fails comes again later.</summary>
    public async Task RunAsync(Func<string, CancellationToken, Task> work, string what, ILogger log, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var key = await TakeAsync(cancel);
                try
                {
                    await work(key, cancel);
                    Forget(key);
                }
                catch (Exception e) when (!cancel.IsCancellationRequested)
                {
                    if (e is ApiException { Conflict: true } or HttpRequestException or IOException)
                        log.LogDebug("{What} {Key}: {Message}; again later", what, key, e.Message);
                    else
                        log.LogWarning(e, "{What} {Key} failed; again later", what, key);
                    AddRateLimited(key);
                }
                finally
                {
                    Done(key);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end asked for.
        }
    }

    private void Fire(string key, ITimer timer)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(key, out var entry) || !ReferenceEquals(entry.Timer, timer)) return;
            waiting.Remove(key);
            timer.Dispose();
        }
        Add(key);
    }
}
