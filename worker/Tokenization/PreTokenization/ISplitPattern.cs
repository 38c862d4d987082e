namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>A pattern that finds matches in a text, from left to right.</summary>
internal interface ISplitPattern
{
    /// <summary>Adds start and length of every non-empty match.</summary>
    void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches);
}

/// <summary>A fixed text.</summary>
internal sealed class LiteralPattern(string literal) : ISplitPattern
{
    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        for (var at = 0; at < text.Length;)
        {
            var next = text[at..].IndexOf(literal, StringComparison.Ordinal);
            if (next < 0)
                return;
            matches.Add((at + next, literal.Length));
            at += next + literal.Length;
        }
    }
}

/// <summary>Single characters, or runs of them, of a kind.</summary>
internal sealed class CharacterPattern(Func<System.Text.Rune, bool> isMatch) : ISplitPattern
{
    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        for (var at = 0; at < text.Length;)
        {
            System.Text.Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
            if (isMatch(rune))
                matches.Add((at, length));
            at += length;
        }
    }
}
