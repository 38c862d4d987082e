using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator;

/// <summary>Every line that the operator logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Run}: {Before} → {After}. {Message}")]
    public static partial void PhaseChanged(this ILogger logger, RunKey run, string before, string after, string message);

    [LoggerMessage(2, LogLevel.Information, "{Run}: created Job {Job}.")]
    public static partial void JobCreated(this ILogger logger, RunKey run, string job);

    [LoggerMessage(3, LogLevel.Information, "{Run}: deleting Job {Job}: {Why}.")]
    public static partial void JobDeleted(this ILogger logger, RunKey run, string job, string why);

    [LoggerMessage(4, LogLevel.Warning, "The API server does not respond ({What}: {Message}); retrying.")]
    public static partial void ServerAway(this ILogger logger, string what, string message);

    [LoggerMessage(5, LogLevel.Information, "{Run}: deleted after ttlSecondsAfterFinished; its output stays.")]
    public static partial void RunExpired(this ILogger logger, RunKey run);

    [LoggerMessage(6, LogLevel.Warning, "{Run}: the API server refused {Action}: {Message}")]
    public static partial void Refused(this ILogger logger, RunKey run, string action, string message);

    [LoggerMessage(7, LogLevel.Debug, "{Run}: changed in the meantime; reading it again. {Message}")]
    public static partial void Conflict(this ILogger logger, RunKey run, string message);

    [LoggerMessage(8, LogLevel.Error, "{Run}: reconciling failed; trying again in {Seconds:0.0} s.")]
    public static partial void ReconcileFailed(this ILogger logger, Exception error, RunKey run, double seconds);

    [LoggerMessage(9, LogLevel.Warning, "{Run}: event {Reason} could not be written.")]
    public static partial void EventLost(this ILogger logger, Exception error, RunKey run, string reason);

    [LoggerMessage(10, LogLevel.Warning, "A progress report was refused ({Status}): {Message}")]
    public static partial void ReportRefused(this ILogger logger, int status, string message);

    [LoggerMessage(11, LogLevel.Error, "A progress report could not be checked.")]
    public static partial void ReportUnchecked(this ILogger logger, Exception error);

    [LoggerMessage(13, LogLevel.Information, "The API server responds again after {Seconds:0} s.")]
    public static partial void ServerBack(this ILogger logger, double seconds);

    [LoggerMessage(14, LogLevel.Error, "Lease {Lease} is not accessible: {Message}")]
    public static partial void LeaseRefused(this ILogger logger, string lease, string message);

    [LoggerMessage(15, LogLevel.Information, "The leader is {Leader}.")]
    public static partial void NewLeader(this ILogger logger, string leader);

    [LoggerMessage(12, LogLevel.Information,
        "LightReasoner operator {Version}: watches {Scope} of {Server}; progress and health at {Listen}, metrics at {Metrics}; pods "
        + "report to {Target}.")]
    public static partial void Started(this ILogger logger, string version, string scope, string server, string listen,
        string metrics, string target);
}
