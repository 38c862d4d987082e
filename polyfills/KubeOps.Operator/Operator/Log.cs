using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "The watch of {Kind} at version {Version} has expired; listing again.")]
    public static partial void WatchExpired(this ILogger logger, string kind, string version);

    [LoggerMessage(2, LogLevel.Warning, "Listing or watching {Kind} failed; trying again in {Seconds:0.0} s.")]
    public static partial void WatchFailed(this ILogger logger, Exception error, string kind, double seconds);

    [LoggerMessage(3, LogLevel.Error, "{Kind} {Namespace}/{Name} cannot be read and is left alone.")]
    public static partial void Unreadable(this ILogger logger, Exception error, string kind, string? @namespace, string? name);

    [LoggerMessage(4, LogLevel.Error, "Reconciling {Kind} {Namespace}/{Name} failed ({Failures} in a row); trying again in {Seconds:0.0} s.")]
    public static partial void ReconcileFailed(this ILogger logger, Exception? error, string kind, string? @namespace, string? name, int failures, double seconds);

    [LoggerMessage(5, LogLevel.Warning, "Reconciling {Kind} {Namespace}/{Name} did not succeed: {Message}. Trying again in {Seconds:0.0} s.")]
    public static partial void ReconcileUnsuccessful(this ILogger logger, Exception? error, string kind, string? @namespace, string? name, string message, double seconds);

    [LoggerMessage(6, LogLevel.Debug, "Reconciling {Kind} {Namespace}/{Name} met a conflict; reading it again in {Seconds:0.0} s.")]
    public static partial void Conflict(this ILogger logger, string kind, string? @namespace, string? name, double seconds);

    [LoggerMessage(7, LogLevel.Information, "Leading as {Identity}; reconciling starts.")]
    public static partial void Leading(this ILogger logger, string identity);

    [LoggerMessage(8, LogLevel.Warning, "The lease is lost; reconciling stops.")]
    public static partial void LeaseLost(this ILogger logger);

    [LoggerMessage(9, LogLevel.Information, "The leader is {Identity}.")]
    public static partial void NewLeader(this ILogger logger, string identity);

    [LoggerMessage(10, LogLevel.Warning, "The lease {Lease} could not be read or written.")]
    public static partial void LeaseError(this ILogger logger, Exception error, string lease);

    [LoggerMessage(11, LogLevel.Warning, "Event {Reason} of {Namespace}/{Name} could not be written.")]
    public static partial void EventFailed(this ILogger logger, Exception error, string reason, string? @namespace, string? name);

    [LoggerMessage(12, LogLevel.Warning, "Reconcilers still run {Seconds:0} s after they were told to stop.")]
    public static partial void StillRunning(this ILogger logger, double seconds);

    [LoggerMessage(13, LogLevel.Information, "The lease {Lease} is released.")]
    public static partial void LeaseReleased(this ILogger logger, string lease);
}
