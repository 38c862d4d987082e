namespace LightReasoner.Worker.Evaluation;

/// <summary>The normal form of an answer's text, as the Qwen2.5-Math evaluation makes it (<c>strip_string</c>), with its oddities.</summary>
internal static partial class AnswerText
{
    // No answer is this long; the work grows with the square of the length.
    private const int MaxLength = 10_000;

    // Words that the published evaluation takes for units, in its order: they are removed one after the other, each with its plural, where
    // no letter or digit is beside them. As there they are regular expressions, whose dot is any character.
    private static readonly Regex[] Units = UnitsAndPlurals(
        """
        east|degree|mph|kmph|ft|m sqaure| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of rs|rd|o|gm|p . m|lb|tile|per|dm|lt|gain|ab|way|west|
        a .|b .|c .|d .|e .|f .|g .|h .|t|a|h|no change|men|soldier|pie|bc|excess|st|inches|noon|percent|by|gal|kmh|c|acre|rise|a . m|th|π r 2|sq|mark|l|
        toy|coin|sq . m|gallon|° f|profit|minw|yr|women|feet|am|pm|hr|cu cm|square|v â € ™|are|rupee|rounds|cubic|cc|mtr|s|ohm|number|kmph|day|hour|minute|
        min|second|man|woman|sec|cube|mt|sq inch|mp|∏ cm ³|hectare|more|sec|unit|cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|yard|pure|year|
        increase|decrease|d|less|Surface|litre|pi sq m|s .|metre|meter|inch
        """);

    private static readonly string[] Assignments = ["x=", "y=", "z=", @"x\in", @"y\in", @"z\in", @"x\to", @"y\to", @"z\to"];

    /// <summary>Makes the normal form. A text of over 10,000 characters stays as it is.</summary>
    public static string Normalize(string text, bool keepUnits = false)
    {
        if (text.Length > MaxLength) return text;
        text = text.Trim().Replace("\n", "", StringComparison.Ordinal).TrimEnd('.').Remove(@"\!");
        text = ArrayBegin().Replace(text, @"\begin{pmatrix}").Swap(@"\end{array}", @"\end{pmatrix}").Swap("bmatrix", "pmatrix");
        text = text.Swap("tfrac", "frac").Swap("dfrac", "frac").Swap(@"\neq", @"\ne").Swap(@"\leq", @"\le").Swap(@"\geq", @"\ge");
        text = text.Remove(@"\left").Remove(@"\right").Swap(@"\{", "{").Swap(@"\}", "}");
        // A \text{...} at the end, from the first \text on, is a unit.
        var unit = text.EndsWith('}') ? text.IndexOf(@"\text{", StringComparison.Ordinal) : -1;
        if ((unit < 0 ? text : text[..unit]).Trim() is { Length: > 0 } rest) text = rest;
        if (!keepUnits) text = RemoveUnits(RemoveUnits(text));
        text = text.Remove(@"^{\circ}").Remove(@"^\circ").Remove(@"\$").Remove("$").Remove(@"\(").Remove(@"\)");
        text = NumberWords.Convert(text);
        text = TextCommand().Replace(text, "$1");
        foreach (var assignment in Assignments) text = text.Remove(assignment);
        text = text.Swap(@"\emptyset", "{}").Swap(@"(-\infty,\infty)", @"\mathbb{R}").Remove(@"\%").Remove("%");
        text = text.Swap(" .", " 0.").Swap("{.", "{0.");
        text = text.Swap("infinity", @"\infty");
        if (!text.Contains(@"\infty", StringComparison.Ordinal)) text = text.Swap("inf", @"\infty");
        text = Box().Replace(text.Swap(@"+\inity", @"\infty").Remove("and").Remove(@"\mathbf"), "");
        if (!text.Contains('i', StringComparison.Ordinal)) text = text.Replace('j', 'i');
        text = PointBeforeOther().Replace(text, "$1$2");
        text = PointAtEnd().Replace(text, "$1");
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        if (text.Split('=') is [{ Length: <= 2 }, var right]) text = right;
        text = BareRoot().Replace(text, @"\sqrt{$1}").Remove(" ");
        return Slash(Fractions(text));
    }

    /// <summary><c>\frac12</c> becomes <c>\frac{1}{2}</c>.</summary>
    private static string Fractions(string text)
    {
        var parts = text.Split(@"\frac");
        for (int i = 1; i < parts.Length; i++)
        {
            var part = parts[i];
            if (part.StartsWith('{')) continue;
            if (part.Length < 2) return text;
            parts[i] = part[1] == '{' ? $"{{{part[0]}}}{part[1..]}" : $"{{{part[0]}}}{{{part[1]}}}{part[2..]}";
        }
        return string.Join(@"\frac", parts);
    }

    /// <summary><c>1/2</c> becomes <c>\frac{1}{2}</c>, where both are whole numbers or roots.</summary>
    private static string Slash(string text) =>
        text.Split('/') is [var above, var below] && IsWhole(above) && IsWhole(below) ? $@"\frac{{{above}}}{{{below}}}" : text;

    private static bool IsWhole(string text) => text.Contains("sqrt", StringComparison.Ordinal) || Whole().IsMatch(text);

    private static string RemoveUnits(string text)
    {
        foreach (var unit in Units)
            if (unit.Replace(text, "$1$2") is { Length: > 0 } rest) text = rest;
        return text;
    }

    private static Regex[] UnitsAndPlurals(string words)
    {
        var units = words.Replace("\n", "", StringComparison.Ordinal).Split('|');
        const string other = @"[^\p{L}\p{N}_]";
        return [.. units.Concat(units.Select(unit => unit + "s")).Select(unit => new Regex($"(^|{other}){unit}($|{other})"))];
    }

    internal static string Swap(this string text, string part, string other) => text.Replace(part, other, StringComparison.Ordinal);

    internal static string Remove(this string text, string part) => text.Replace(part, "", StringComparison.Ordinal);

    [GeneratedRegex(@"\\begin\{array\}\{.*?\}")]
    private static partial Regex ArrayBegin();

    [GeneratedRegex(@"\\text\{(.*?)\}")]
    private static partial Regex TextCommand();

    [GeneratedRegex(@"\\mbox\{.*?\}")]
    private static partial Regex Box();

    [GeneratedRegex(@"(\d+)\.0*(\D)")]
    private static partial Regex PointBeforeOther();

    [GeneratedRegex(@"(\d+)\.0*$")]
    private static partial Regex PointAtEnd();

    [GeneratedRegex(@"\\sqrt([\p{L}\p{N}_]+)")]
    private static partial Regex BareRoot();

    [GeneratedRegex(@"^(0|-?[1-9][0-9]*)\z")]
    private static partial Regex Whole();
}
