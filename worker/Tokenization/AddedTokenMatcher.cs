using System.Buffers;
using System.Globalization;
using System.Text;

namespace LightReasoner.Worker.Tokenization;

/// <summary>Cuts a text at its added tokens: leftmost, longest, not overlapping.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _tokenAt = [null];
    private readonly SearchValues<char> _firstChars;

    internal AddedTokenMatcher(IEnumerable<(AddedToken Token, string Content)> tokens)
    {
        var first = new HashSet<char>();
        foreach (var (token, content) in tokens)
        {
            if (content.Length == 0)
                continue;
            first.Add(content[0]);
            var node = 0;
            foreach (var c in content)
            {
                if (!_edges.TryGetValue((node, c), out var child))
                {
                    child = _tokenAt.Count;
                    _tokenAt.Add(null);
                    _edges.Add((node, c), child);
                }
                node = child;
            }
            _tokenAt[node] ??= token;
        }
        _firstChars = SearchValues.Create([.. first]);
        IsEmpty = first.Count == 0;
    }

    internal bool IsEmpty { get; }

    /// <summary>Calls for every part in order: a token, or a range of text between tokens (never empty).</summary>
    internal void Split(string text, Action<AddedToken> token, Action<string> between)
    {
        var done = 0;
        for (var at = 0; NextMatch(text, at, out var start, out var stop) is { } match;)
        {
            at = stop;
            if (match.SingleWord && (WordBefore(text, start) || WordAt(text, stop)))
                continue;
            if (match.StripLeft)
            {
                while (start > done && char.IsWhiteSpace(text[start - 1]))
                    start--;
            }
            if (match.StripRight)
            {
                while (stop < text.Length && char.IsWhiteSpace(text[stop]))
                    stop++;
            }
            if (done < start)
                between(text[done..start]);
            token(match);
            done = stop;
        }
        if (done < text.Length)
            between(done == 0 ? text : text[done..]);
    }

    private AddedToken? NextMatch(string text, int from, out int start, out int stop)
    {
        for (start = from; start < text.Length; start++)
        {
            var skip = text.AsSpan(start).IndexOfAny(_firstChars);
            if (skip < 0)
                break;
            start += skip;
            AddedToken? longest = null;
            stop = 0;
            for (int i = start, node = 0; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
            {
                if (_tokenAt[node] is { } found)
                    (longest, stop) = (found, i + 1);
            }
            if (longest is not null)
                return longest;
        }
        stop = 0;
        return null;
    }

    private static bool WordBefore(string text, int index) =>
        index > 0 && Rune.DecodeLastFromUtf16(text.AsSpan(0, index), out var rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool WordAt(string text, int index) =>
        index < text.Length && Rune.DecodeFromUtf16(text.AsSpan(index), out var rune, out _) == OperationStatus.Done && IsWord(rune);

    // Unicode's \w (UTS 18): letters, marks, decimal digits, letter numbers, connectors, joiners.
    private static bool IsWord(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
