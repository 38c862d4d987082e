namespace LightReasoner.DevCluster.Jobs;

/// <summary>Failures in a row of a Job without per-index limits, and when the last one was.</summary>
internal sealed record BackOff(int Failures, DateTimeOffset? LastFailure)
{
    public static readonly BackOff None = new(0, null);

    /// <summary>The wait after the first failure; it doubles with every further one.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(6);

    /// <summary>The record after some Pods have ended: a success starts the row anew.</summary>
    public BackOff After(IReadOnlyCollection<Pod> succeeded, IReadOnlyCollection<Pod> failed)
    {
        if (succeeded.Count == 0)
            return failed.Count == 0 ? this : new BackOff(Failures + failed.Count, failed.Max(p => p.FinishedAt));
        var lastSuccess = succeeded.Max(p => p.FinishedAt);
        var later = failed.Where(p => p.FinishedAt > lastSuccess).ToList();
        return later.Count == 0 ? None : new BackOff(later.Count, later.Max(p => p.FinishedAt));
    }

    public TimeSpan Remaining(DateTimeOffset now) => Remaining(Failures, LastFailure, now);

    /// <summary>The wait that is left for an index whose last Pod is given.</summary>
    public static TimeSpan Remaining(Pod? lastFailed, DateTimeOffset now) =>
        lastFailed is null ? TimeSpan.Zero : Remaining(lastFailed.AllFailures + 1, lastFailed.FinishedAt, now);

    private static TimeSpan Remaining(int failures, DateTimeOffset? last, DateTimeOffset now)
    {
        if (failures == 0 || last is null) return TimeSpan.Zero;
        var wait = First * Math.Pow(2, Math.Min(failures - 1, 16));
        var left = (wait < Longest ? wait : Longest) - (now - last.Value);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
