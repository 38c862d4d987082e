using System.Globalization;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>Python's case mappings, which are the full Unicode ones ('ß' in upper case is 'SS').</summary>
internal static class Casing
{
    private static readonly Dictionary<int, string> Uppers = Table(SpecialCasing.Upper);
    private static readonly Dictionary<int, string> Titles = Table(SpecialCasing.Title);

    internal static string Upper(string text) => Map(text, Upper);

    internal static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
            i += AppendLower(text, i, result);
        return result.ToString();
    }

    /// <summary>str.title: every run of cased characters begins in title case.</summary>
    internal static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            if (inWord)
                AppendLower(text, i, result);
            else
                result.Append(TitleCase(rune));
            inWord = IsCased(rune);
            i += length;
        }
        return result.ToString();
    }

    internal static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        Rune.DecodeFromUtf16(text, out var first, out var length);
        return TitleCase(first) + Lower(text)[Lower(text[..length]).Length..];
    }

    internal static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static string TitleCase(Rune rune) => Titles.GetValueOrDefault(rune.Value) ?? Upper(rune);

    private static string Upper(Rune rune) => Uppers.GetValueOrDefault(rune.Value) ?? Rune.ToUpperInvariant(rune).ToString();

    /// <summary>Appends the lower case of one character, which for a sigma depends on its neighbours; returns its length.</summary>
    private static int AppendLower(string text, int index, StringBuilder result)
    {
        Rune.DecodeFromUtf16(text.AsSpan(index), out var rune, out var length);
        if (text[index] == '\u03A3')
            result.Append(IsFinalSigma(text, index) ? '\u03C2' : '\u03C3');
        else if (text[index] == '\u0130')
            result.Append("i\u0307");
        else
            result.Append(Rune.ToLowerInvariant(rune).ToString());
        return length;
    }

    private static string Map(string text, Func<Rune, string> map)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            result.Append(map(rune));
        return result.ToString();
    }

    private static bool IsFinalSigma(string text, int index)
    {
        return CasedNeighbour(-1) && !CasedNeighbour(1);

        bool CasedNeighbour(int step)
        {
            for (var i = index + step; i >= 0 && i < text.Length; i += step)
            {
                var category = char.GetUnicodeCategory(text[i]);
                if (char.IsLetter(text[i]) && category is not (UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter))
                    return true;
                var isIgnored = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.ModifierLetter
                    or UnicodeCategory.Format or UnicodeCategory.EnclosingMark;
                if (!isIgnored && text[i] is not ('\'' or '.' or ':' or '\u2019'))
                    return false;
            }
            return false;
        }
    }

    private static Dictionary<int, string> Table(string packed) =>
        packed.Split(' ').ToDictionary(entry => (int)entry[0], entry => entry[1..]);
}
