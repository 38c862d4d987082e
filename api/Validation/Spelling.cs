namespace LightReasoner.Api.Validation;

/// <summary>What a mistyped name was meant to be.</summary>
internal static class Spelling
{
    /// <summary>
    /// The name that differs least: in case and underscores alone, or else in at most a third of its letters; null for none.
    /// </summary>
    public static string? Nearest(string given, IEnumerable<string> names)
    {
        var folded = Fold(given);
        (string Name, int Distance)[] ranked = [.. names.Select(name => (name, Distance(folded, Fold(name))))
            .OrderBy(candidate => candidate.Item2)];
        return ranked is [var best, ..] && best.Distance <= Math.Max(1, best.Name.Length / 3) ? best.Name : null;
    }

    private static string Fold(string name) => name.Replace("_", "", StringComparison.Ordinal)
        .Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
