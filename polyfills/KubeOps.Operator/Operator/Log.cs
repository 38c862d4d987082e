using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Watching {Kind} failed.")]
    public static partial void WatchFailed(this ILogger logger, Exception error, string kind);

    [LoggerMessage(2, LogLevel.Error,
        "Reconciling {Kind} {Namespace}/{Name} failed ({Failures} in a row); trying again in {Seconds:0.0} s.")]
    public static partial void ReconcileFailed(this ILogger logger, Exception? error, string kind, string? @namespace, string? name,
        int failures, double seconds);

    [LoggerMessage(3, LogLevel.Error, "The lease could not be read or written.")]
    public static partial void LeaseError(this ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "Event {Reason} of {Namespace}/{Name} could not be written.")]
    public static partial void EventFailed(this ILogger logger, Exception error, string reason, string? @namespace, string? name);
}
