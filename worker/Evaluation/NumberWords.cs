namespace LightReasoner.Worker.Evaluation;

/// <summary>English number words, as the Python package word2number 1.1 reads them.</summary>
internal static class NumberWords
{
    private const int Point = -1;

    private static readonly long[] Once = [Point, 1_000, 1_000_000, 1_000_000_000];

    private static readonly Dictionary<string, long> Values = ((IEnumerable<(string, long)>)
    [
        .. ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
            + "nineteen").Split(' ').Select((word, i) => (word, (long)i)),
        .. "twenty thirty forty fifty sixty seventy eighty ninety".Split(' ').Select((word, i) => (word, 20L + 10 * i)),
        ("hundred", 100), ("thousand", 1_000), ("million", 1_000_000), ("billion", 1_000_000_000), ("point", Point),
    ]).ToDictionary();

    /// <summary>The number that the words of a text say, other words passed over; the text itself where there is none.</summary>
    public static string Convert(string text)
    {
        var words = text.Replace('-', ' ').ToLowerInvariant();
        if (words.Length > 0 && words.All(char.IsDigit))
            return string.Concat(words.Select(char.GetNumericValue)).TrimStart('0') is { Length: > 0 } digits ? digits : "0";
        List<long> numbers =
            [.. words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(Values.ContainsKey).Select(word => Values[word])];
        if (numbers.Count == 0 || Once.Any(scale => numbers.Count(n => n == scale) > 1)) return text;
        var point = numbers.IndexOf(Point);
        if (Whole(point < 0 ? numbers : numbers[..point]) is not { } whole) return text;
        List<long> decimals = point < 0 ? [] : numbers[(point + 1)..];
        return decimals.Count > 0 && decimals.All(n => n <= 9)
            ? PythonFloat(whole + double.Parse("0." + string.Concat(decimals), CultureInfo.InvariantCulture))
            : whole.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A double as Python prints it: <c>145.0</c>.</summary>
    public static string PythonFloat(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? value.ToString("F1", CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);

    private static long? Whole(List<long> numbers)
    {
        if (numbers.Count <= 1) return numbers.Count == 0 ? 0 : numbers[0];
        int billion = numbers.IndexOf(1_000_000_000), million = numbers.IndexOf(1_000_000), thousand = numbers.IndexOf(1_000);
        if ((thousand > -1 && (thousand < million || thousand < billion)) || (million > -1 && million < billion)) return null;
        long sum = 0;
        var from = 0;
        foreach (var scale in new[] { billion, million, thousand }.Where(at => at >= 0))
        {
            if (scale == from) return null; // no number before the scale
            sum += Below1000(numbers[from..scale]) * numbers[scale];
            from = scale + 1;
        }
        return from < numbers.Count ? sum + Below1000(numbers[from..]) : sum;
    }

    private static long Below1000(List<long> numbers) => numbers switch
    {
        [var a, var b, var c, var d] => a * b + c + d,
        [var a, var b, var c] => a * b + c,
        [var a, var b] => a == 100 || b == 100 ? a * b : a + b,
        _ => numbers[0],
    };
}
