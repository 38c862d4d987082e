using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Cli;

/// <summary>Warnings of the cluster's parts, one line each on standard error.</summary>
internal static class ConsoleLog
{
    public static ILoggerFactory Create() => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(Environment.GetEnvironmentVariable("DEVCLUSTER_LOG") is { } level
            && Enum.TryParse<LogLevel>(level, ignoreCase: true, out var l) ? l : LogLevel.Warning)
        .AddSimpleConsole(console => console.SingleLine = true)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
