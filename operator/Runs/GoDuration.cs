using System.Globalization;

namespace LightReasoner.Operator.Runs;

/// <summary>Durations such as <c>1h30m</c>. The API has checked the form already.</summary>
internal static class GoDuration
{
    public static TimeSpan Parse(string text)
    {
        double seconds = 0;
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int unit = text[i] switch { 'h' => 3600, 'm' => 60, 's' => 1, _ => 0 };
            if (unit == 0) continue;
            seconds += double.Parse(text[start..i], CultureInfo.InvariantCulture) * unit;
            start = i + 1;
        }
        // Far above any run, and within what a TimeSpan holds.
        return TimeSpan.FromSeconds(Math.Min(seconds, 1e9));
    }
}
