namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>The split patterns that nearly all byte-level models use, matched by hand: an order of magnitude faster than a regex, and right beyond U+FFFF.</summary>
internal static class KnownPatterns
{
    private const string Tail = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private const string Head = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";

    /// <summary>Qwen2, Qwen2.5, Qwen3 and their distills: digits one by one.</summary>
    internal const string Qwen2 = Head + "\\p{N}" + Tail;

    /// <summary>Llama 3: digits in groups of up to three.</summary>
    internal const string Llama3 = Head + "\\p{N}{1,3}" + Tail;

    /// <summary>GPT-2; also what ByteLevel with use_regex means.</summary>
    internal const string Gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /// <summary>The hand-written matcher of a pattern, or null.</summary>
    internal static ISplitPattern? Find(string pattern) => pattern switch
    {
        Qwen2 => new Tiktoken(maxDigits: 1),
        Llama3 => new Tiktoken(maxDigits: 3),
        Gpt2 => new Gpt2Pattern(),
        _ => null,
    };

    private sealed class Tiktoken(int maxDigits) : ISplitPattern
    {
        public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
        {
            for (var i = 0; i < text.Length;)
            {
                var end = Match(text, i);
                matches.Add((i, end - i));
                i = end;
            }
        }

        private int Match(ReadOnlySpan<char> text, int i)
        {
            if (text[i] == '\'' && Contraction(text[(i + 1)..], ignoreCase: true) is > 0 and var contraction)
                return i + 1 + contraction;
            var kind = CharClasses.At(text, i, out var length);
            var next = i + length;
            var nextKind = next < text.Length ? CharClasses.At(text, next, out _) : CharClasses.Space;

            if (kind == CharClasses.Letter || (kind != CharClasses.Number && nextKind == CharClasses.Letter && next < text.Length && text[i] is not ('\r' or '\n')))
                return Run(text, next, CharClasses.Letter);
            if (kind == CharClasses.Number)
            {
                for (var digits = 1; digits < maxDigits && next < text.Length && CharClasses.At(text, next, out length) == CharClasses.Number; digits++)
                    next += length;
                return next;
            }
            if (kind == CharClasses.Other || (text[i] == ' ' && nextKind == CharClasses.Other && next < text.Length))
            {
                next = Run(text, next, CharClasses.Other);
                while (next < text.Length && text[next] is '\r' or '\n')
                    next++;
                return next;
            }
            // White space: up to the last line break if there is one, else all but the last space before a word.
            next = Run(text, next, CharClasses.Space);
            var lineBreak = text[i..next].LastIndexOfAny('\r', '\n');
            return lineBreak >= 0 ? i + lineBreak + 1 : LeaveOne(text, i, next);
        }
    }

    private sealed class Gpt2Pattern : ISplitPattern
    {
        public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
        {
            for (var i = 0; i < text.Length;)
            {
                var end = Match(text, i);
                matches.Add((i, end - i));
                i = end;
            }
        }

        private static int Match(ReadOnlySpan<char> text, int i)
        {
            if (text[i] == '\'' && Contraction(text[(i + 1)..], ignoreCase: false) is > 0 and var contraction)
                return i + 1 + contraction;
            var kind = CharClasses.At(text, i, out var length);
            var next = i + length;
            if (text[i] == ' ' && next < text.Length && CharClasses.At(text, next, out length) is not CharClasses.Space and var following)
                return Run(text, next + length, following);
            next = Run(text, next, kind);
            return kind == CharClasses.Space ? LeaveOne(text, i, next) : next;
        }
    }

    /// <summary>The length of s, t, re, ve, m, ll or d at the start of the text, or 0.</summary>
    private static int Contraction(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.IsEmpty)
            return 0;
        var first = Fold(text[0], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
            return 1;
        if (text.Length < 2)
            return 0;
        return (first, Fold(text[1], ignoreCase)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }

    // U+017F, the long s, folds to s.
    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c : c is >= 'A' and <= 'Z' ? (char)(c | 0x20) : c == '\u017F' ? 's' : c;

    private static int Run(ReadOnlySpan<char> text, int i, byte kind)
    {
        while (i < text.Length && CharClasses.At(text, i, out var length) == kind)
            i += length;
        return i;
    }

    // \s+(?!\S)|\s+ over a run of white space
    private static int LeaveOne(ReadOnlySpan<char> text, int start, int end) => end < text.Length && end - start > 1 ? end - 1 : end;
}
