using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

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
        var seconds = (long)d.TotalSeconds;
        if (seconds < -1)
            return "<invalid>";
        if (seconds < 0)
            return "0s";
        if (seconds < 120)
            return $"{seconds}s";
        var minutes = seconds / 60;
        if (minutes < 10)
            return Two(minutes, "m", seconds % 60, "s");
        if (minutes < 180)
            return $"{minutes}m";
        var hours = minutes / 60;
        if (hours < 8)
            return Two(hours, "h", minutes % 60, "m");
        if (hours < 48)
            return $"{hours}h";
        var days = hours / 24;
        if (hours < 192)
            return Two(days, "d", hours % 24, "h");
        if (days < 730)
            return $"{days}d";
        var years = days / 365;
        return years < 8 ? Two(years, "y", days % 365, "d") : $"{years}y";
    }

    private static string Two(long a, string unitA, long b, string unitB) => b == 0 ? $"{a}{unitA}" : $"{a}{unitA}{b}{unitB}";
}
