namespace KubeOps.Operator;

/// <summary>How long to wait after a failure: doubling from a base to a cap, with some jitter; for ever.</summary>
internal static class RetryDelay
{
    public static readonly TimeSpan ReconcileCap = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan WatchBase = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan WatchCap = TimeSpan.FromSeconds(15);

    /// <param name="failures">How many in a row, this one included.</param>
    /// <param name="first">The wait after the first.</param>
    /// <param name="cap">The longest wait.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan cap)
    {
        var doubled = first * Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return (doubled < cap ? doubled : cap) * (0.9 + (0.2 * Random.Shared.NextDouble()));
    }
}
