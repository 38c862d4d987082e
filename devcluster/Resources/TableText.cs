namespace LightReasoner.DevCluster.Resources;

/// <summary>Times and durations as tables show them.</summary>
internal static class TableText
{
    public static string Age(JsonObject o, DateTimeOffset now) => Since(o.Text("metadata", "creationTimestamp"), now);

    /// <summary>Time since a timestamp, or <c>&lt;unknown&gt;</c>.</summary>
    public static string Since(string? timestamp, DateTimeOffset now)
        => timestamp is not null && DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var t)
            ? Duration(now - t)
            : "<unknown>";

    /// <summary>Two significant units: 5s, 2m3s, 15m, 4h10m, 3d2h, 2y100d.</summary>
    public static string Duration(TimeSpan d)
    {
        var (seconds, minutes, hours, days) = ((long)d.TotalSeconds, (long)d.TotalMinutes, (long)d.TotalHours, (long)d.TotalDays);
        return seconds < -1 ? "<invalid>"
            : seconds < 120 ? $"{Math.Max(0, seconds)}s"
            : minutes < 10 ? Two(minutes, "m", seconds % 60, "s")
            : minutes < 180 ? $"{minutes}m"
            : hours < 8 ? Two(hours, "h", minutes % 60, "m")
            : hours < 48 ? $"{hours}h"
            : hours < 192 ? Two(days, "d", hours % 24, "h")
            : days < 730 ? $"{days}d"
            : days < 8 * 365 ? Two(days / 365, "y", days % 365, "d")
            : $"{days / 365}y";
    }

    private static string Two(long a, string unitA, long b, string unitB) => b == 0 ? $"{a}{unitA}" : $"{a}{unitA}{b}{unitB}";
}
