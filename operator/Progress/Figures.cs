namespace LightReasoner.Operator.Progress;

/// <summary>Figures as people read them.</summary>
internal static class Figures
{
    private const int SignificantDigits = 4;

    /// <summary>Rounded to four significant digits: 0.000049931 → 0.00004993, 1834.7 → 1835.</summary>
    public static double? Round(double? value)
    {
        if (value is not { } number || number == 0 || !double.IsFinite(number)) return value is { } v && double.IsFinite(v) ? v : null;
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(number))) + 1;
        var decimals = SignificantDigits - magnitude;
        if (decimals <= 0)
        {
            // Not below the unit: 123456 stays readable as 123456.
            return Math.Round(number);
        }
        if (decimals <= 15) return Math.Round(number, decimals);
        var scale = Math.Pow(10, decimals);
        return double.IsFinite(number * scale) ? Math.Round(number * scale) / scale : number;
    }
}
