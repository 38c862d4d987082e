using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Sets of indexes as Jobs write them: <c>1,3-5,7</c>.</summary>
internal static class IndexIntervals
{
    public static bool TryParse(string text, long completions, out long count, [NotNullWhen(false)] out string? problem)
    {
        count = 0;
        problem = null;
        var last = -1L;
        if (text.Length == 0)
            return true;
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
                || !long.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to))
            {
                problem = $"cannot convert string to integer for index: \"{part}\"";
                return false;
            }

            if (from >= completions || to >= completions)
            {
                problem = $"too large index: \"{Math.Max(from, to)}\"";
                return false;
            }

            if (from <= last || to < from)
            {
                problem = $"non-increasing order, previous: {last}, current: {from}";
                return false;
            }

            count += to - from + 1;
            last = to;
        }

        return true;
    }

    public static long Count(string text) => TryParse(text, long.MaxValue, out var count, out _) ? count : 0;
}
