using System.Globalization;
using System.Text.RegularExpressions;

namespace LightReasoner.Worker.Evaluation;

/// <summary>The final number of an answer, by GSM8K's convention.</summary>
public static partial class Gsm8kAnswer
{
    /// <summary>The number after the last <c>####</c>, or else the last number; without thousands separators and currency signs. Null if there is none.</summary>
    public static string? Extract(string answer)
    {
        var marked = answer.LastIndexOf("####", StringComparison.Ordinal);
        if (marked >= 0 && Number().Match(answer, marked + 4) is { Success: true } after)
            return Clean(after.Value);
        var all = Number().Matches(answer);
        return all.Count == 0 ? null : Clean(all[^1].Value);
    }

    /// <summary>Whether two extracted numbers are the same: <c>18</c> and <c>18.0</c> are.</summary>
    public static bool AreEqual(string? one, string? other) =>
        one is not null && other is not null
        && (one == other || (decimal.TryParse(one, NumberStyles.Float, CultureInfo.InvariantCulture, out var a)
            && decimal.TryParse(other, NumberStyles.Float, CultureInfo.InvariantCulture, out var b) && a == b));

    private static string Clean(string number) => number.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);

    // A minus sign counts only where no digit or closing bracket precedes it: in "5-3" it is an operator.
    [GeneratedRegex(@"(?:(?<![\d)])-)?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?:(?<![\d)])-)?\$?\.\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
