using System.Globalization;

namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>The classes that the known split patterns speak of, by code point: \p{L}, \p{N}, \s and the rest.</summary>
internal static class CharClasses
{
    internal const byte Other = 0, Letter = 1, Number = 2, Space = 3;

    private static readonly byte[] Bmp = Build();

    /// <summary>The class of the code point at an index and its length in UTF-16 units.</summary>
    internal static byte At(ReadOnlySpan<char> text, int index, out int length)
    {
        var c = text[index];
        length = 1;
        if (!char.IsHighSurrogate(c) || index + 1 >= text.Length || !char.IsLowSurrogate(text[index + 1]))
            return Bmp[c];
        length = 2;
        return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[index + 1])));
    }

    private static byte Of(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
        _ => Other,
    };

    private static byte[] Build()
    {
        var table = new byte[0x10000];
        for (var c = 0; c < table.Length; c++)
            table[c] = char.IsWhiteSpace((char)c) ? Space : Of(CharUnicodeInfo.GetUnicodeCategory((char)c));
        return table;
    }
}
