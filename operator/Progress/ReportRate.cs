using System.Collections.Concurrent;

namespace LightReasoner.Operator.Progress;

/// <summary>A token bucket per pod: short bursts pass, a stream does not.</summary>
internal sealed class ReportRate(TimeProvider time)
{
    /// <summary>Reports at once, and reports per second over time.</summary>
    public const int Burst = 10, PerSecond = 2;

    private const int MaxPods = 50_000;

    private readonly ConcurrentDictionary<string, Bucket> buckets = new();

    public bool Allows(string podUid)
    {
        var now = time.GetTimestamp();
        if (buckets.Count > MaxPods)
            foreach (var (key, full) in buckets)
                if (full.IsFull(now, time)) buckets.TryRemove(key, out _);
        return buckets.GetOrAdd(podUid, _ => new Bucket(now)).Take(now, time);
    }

    private sealed class Bucket(long start)
    {
        private readonly Lock gate = new();
        private double tokens = Burst;
        private long at = start;

        public bool Take(long now, TimeProvider time)
        {
            lock (gate)
            {
                tokens = Math.Min(Burst, tokens + time.GetElapsedTime(at, now).TotalSeconds * PerSecond);
                at = now;
                if (tokens < 1) return false;
                tokens--;
                return true;
            }
        }

        public bool IsFull(long now, TimeProvider time)
        {
            lock (gate)
            {
                return tokens + time.GetElapsedTime(at, now).TotalSeconds * PerSecond >= Burst;
            }
        }
    }
}
