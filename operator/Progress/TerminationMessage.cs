using System.Text.Json;
using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>The report that a worker leaves behind at its end.</summary>
internal static class TerminationMessage
{
    /// <summary>The report, or null where the message is something else (log lines, when the worker was killed).</summary>
    public static ProgressReport? Parse(string? message)
    {
        if (message is null || !message.AsSpan().TrimStart().StartsWith("{")) return null;
        try
        {
            return JsonSerializer.Deserialize<ProgressReport>(message, ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
