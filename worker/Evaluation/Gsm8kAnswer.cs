namespace LightReasoner.Worker.Evaluation;

/// <summary>The final number of an answer, as GSM8K's authors read it (their <c>extract_answer</c>) but more leniently.</summary>
internal static partial class Gsm8kAnswer
{
    /// <summary>
    /// The number after the first <c>####</c> that has one, all commas dropped; where none has, the last of the text (the authors' program
    /// finds none then). U+2212 and the en dash are minus signs; a dollar sign is passed over. Null if there is no number.
    /// </summary>
    public static string? Extract(string answer)
    {
        answer = answer.Replace('\u2212', '-').Replace('\u2013', '-');
        if (Marked().Match(answer) is { Success: true } marked) return marked.Groups["sign"].Value
            + marked.Groups["number"].Value.Remove(",").TrimEnd('.');
        return Number().Matches(answer) is { Count: > 0 } all ? all[^1].Value.Remove(",").Remove("$") : null;
    }

    /// <summary>Whether two extracted numbers are the same: <c>18</c> and <c>18.0</c> are.</summary>
    public static bool AreEqual(string? one, string? other) =>
        one is not null && other is not null
        && (one == other || (decimal.TryParse(one, NumberStyles.Float, CultureInfo.InvariantCulture, out var a)
            && decimal.TryParse(other, NumberStyles.Float, CultureInfo.InvariantCulture, out var b) && a == b));

    /// <summary>Whether a reference says one number: behind <c>####</c>, or the only one of a text without LaTeX.</summary>
    internal static bool IsNumber(string reference)
    {
        reference = reference.Replace('\u2212', '-').Replace('\u2013', '-');
        return Marked().IsMatch(reference) || (Number().Count(reference) == 1 && reference.AsSpan().IndexOfAny('\\', '/', '^') < 0);
    }

    [GeneratedRegex(@"####\s*(?<sign>-?)\$?(?<number>\d[\d,]*(\.\d+)?|\.\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Marked();

    // A minus sign counts only where no digit or closing bracket precedes it: in "5-3" it is an operator.
    [GeneratedRegex(@"(?:(?<![\d)])-)?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?:(?<![\d)])-)?\$?\.\d+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
