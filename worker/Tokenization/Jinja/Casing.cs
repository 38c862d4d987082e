using System.Globalization;
using System.Text;

namespace LightReasoner.Worker.Tokenization.Jinja;

/// <summary>Python's case mappings, which are the full Unicode ones ('ß' in upper case is 'SS').</summary>
internal static class Casing
{
    private static readonly Dictionary<int, string> Uppers = Table(SpecialCasing.Upper);
    private static readonly Dictionary<int, string> Titles = Table(SpecialCasing.Title);

    internal static string Upper(string text) => Map(text, Upper);

    internal static string Lower(string text)
    {
        // A final sigma and the dotted I need context or two characters.
        if (!text.AsSpan().ContainsAny('\u03A3', '\u0130'))
            return Map(text, rune => Rune.ToLowerInvariant(rune).ToString());
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\u03A3')
                result.Append(IsFinalSigma(text, i) ? '\u03C2' : '\u03C3');
            else if (text[i] == '\u0130')
                result.Append("i\u0307");
            else if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                result.Append(Rune.ToLowerInvariant(new Rune(text[i], text[++i])).ToString());
            else
                result.Append(char.ToLowerInvariant(text[i]));
        }
        return result.ToString();
    }

    /// <summary>str.title: every run of cased characters begins in title case.</summary>
    internal static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(inWord ? Lower(rune.ToString()) : TitleCase(rune));
            inWord = IsCased(rune);
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
                if (char.IsLetter(text[i]) && char.GetUnicodeCategory(text[i]) is not (UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter))
                    return true;
                if (char.GetUnicodeCategory(text[i]) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.ModifierLetter or UnicodeCategory.Format or UnicodeCategory.EnclosingMark) && text[i] is not ('\'' or '.' or ':' or '\u2019'))
                    return false;
            }
            return false;
        }
    }

    private static Dictionary<int, string> Table(string packed) => packed.Split(' ').ToDictionary(entry => (int)entry[0], entry => entry[1..]);
}
