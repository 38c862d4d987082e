using System.Net;
using k8s.Autorest;

namespace KubeOps.Operator;

/// <summary>How long to wait after a failure: doubling from a base to a cap, with some jitter; for ever.</summary>
internal static class RetryDelay
{
    public static readonly TimeSpan ReconcileCap = TimeSpan.FromMinutes(2);
    public static readonly TimeSpan WatchBase = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan WatchCap = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ConflictBase = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan OutageCap = TimeSpan.FromSeconds(15);

    /// <param name="failures">How many in a row, this one included.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan cap)
    {
        var doubled = first * Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return (doubled < cap ? doubled : cap) * (0.9 + (0.2 * Random.Shared.NextDouble()));
    }

    /// <summary>
    /// A conflict only says that the object was read too early: it is read again soon. An API server that is away is no fault of the
    /// object: the wait stays short, so that all go on soon after it is back.
    /// </summary>
    public static TimeSpan AfterReconcile(Exception? error, int failures, TimeSpan first) => error switch
    {
        HttpOperationException { Response.StatusCode: HttpStatusCode.Conflict } => After(failures, first < ConflictBase ? first : ConflictBase, ReconcileCap),
        HttpRequestException or HttpOperationException { Response.StatusCode: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError }
            => After(failures, first, OutageCap),
        _ => After(failures, first, ReconcileCap),
    };
}
