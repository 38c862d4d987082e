using System.Globalization;
using System.Text.RegularExpressions;

namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>
/// Any other pattern, through .NET's regex. That engine sees UTF-16 units, to which letters above U+FFFF are no letters; so the
/// pattern runs over a shadow of the text with one unit per code point, where a rare character of the same category stands for
/// each pair of surrogates. Patterns that name characters above U+FFFF are refused.
/// </summary>
internal sealed class RegexPattern : ISplitPattern
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;
    private readonly bool _ignoresCase;

    internal RegexPattern(string pattern, string where)
    {
        foreach (var c in pattern)
        {
            if (char.IsSurrogate(c))
                throw new TokenizerException($"{where}: a pattern with characters above U+FFFF is not supported: {pattern}");
        }
        try
        {
            _regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, Timeout);
        }
        catch (ArgumentException e)
        {
            throw new TokenizerException($"{where}: the pattern cannot be read by .NET's regex engine: {e.Message}", e);
        }
        _ignoresCase = pattern.Contains("(?i", StringComparison.Ordinal);
    }

    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        var (shadow, offsets) = Shadow(text);
        try
        {
            foreach (var match in _regex.EnumerateMatches(shadow))
            {
                if (match.Length == 0)
                    continue;
                var start = offsets is null ? match.Index : offsets[match.Index];
                var end = offsets is null ? match.Index + match.Length : offsets[match.Index + match.Length];
                matches.Add((start, end - start));
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new TokenizerException($"the pre-tokenizer's pattern ran for more than {Timeout.TotalSeconds:0} s on a text of {text.Length} characters: {_regex}", e);
        }
    }

    /// <summary>One UTF-16 unit per code point, and the offset of each in the text (null when they are the same).</summary>
    private (string Shadow, int[]? Offsets) Shadow(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
            return (_ignoresCase ? text.ToString().Replace('\u017F', 's') : text.ToString(), null);
        var shadow = new char[text.Length];
        var offsets = new int[text.Length + 1];
        var n = 0;
        for (var i = 0; i < text.Length; n++)
        {
            offsets[n] = i;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shadow[n] = Representative(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[i], text[i + 1])));
                i += 2;
            }
            else
            {
                // The long s folds to s, which .NET's case tables leave out.
                shadow[n] = _ignoresCase && text[i] == '\u017F' ? 's' : text[i];
                i++;
            }
        }
        offsets[n] = text.Length;
        return (new string(shadow, 0, n), offsets);
    }

    /// <summary>A rare character of the Basic Multilingual Plane of the same category.</summary>
    private static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u2C2E',
        UnicodeCategory.LowercaseLetter => '\u2C5E',
        UnicodeCategory.TitlecaseLetter => '\u1FFC',
        UnicodeCategory.ModifierLetter => '\uA9CF',
        UnicodeCategory.OtherLetter => '\uA840',
        UnicodeCategory.NonSpacingMark => '\uA8E0',
        UnicodeCategory.SpacingCombiningMark => '\uA880',
        UnicodeCategory.EnclosingMark => '\uA670',
        UnicodeCategory.DecimalDigitNumber => '\uA8D0',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\uA830',
        UnicodeCategory.ConnectorPunctuation => '\uFE4D',
        UnicodeCategory.DashPunctuation => '\u1806',
        UnicodeCategory.OpenPunctuation => '\u0F3A',
        UnicodeCategory.ClosePunctuation => '\u0F3B',
        UnicodeCategory.OtherPunctuation => '\uA874',
        UnicodeCategory.MathSymbol => '\u2AFE',
        UnicodeCategory.CurrencySymbol => '\u20B6',
        UnicodeCategory.ModifierSymbol => '\uA720',
        UnicodeCategory.OtherSymbol => '\uA828',
        UnicodeCategory.Format => '\u2061',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\uFFF0', // not assigned
    };
}
