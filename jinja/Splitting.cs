namespace LightReasoner.Jinja;

/// <summary>str.split, str.rsplit and str.splitlines.</summary>
internal static class Splitting
{
    internal static Sequence Split(string text, Arguments arguments, bool fromRight, Budget budget)
    {
        var bound = arguments.Bind(0, "sep", "maxsplit");
        var most = bound[1] == Arguments.Missing ? -1 : Operators.Int32(bound[1], "maxsplit");
        if (most < 0)
            most = int.MaxValue;
        if (bound[0] == Arguments.Missing || bound[0] is null)
            return List(fromRight ? WordsFromRight(text, most) : Words(text, most), budget);
        Operators.Defined(bound[0]);
        var separator = Operators.Text(bound[0]) ?? throw new RenderException($"must be str or None, not {PyText.TypeName(bound[0])}");
        if (separator.Length == 0)
            throw new RenderException("empty separator");
        return List(fromRight ? PartsFromRight(text, separator, most) : Parts(text, separator, most), budget);
    }

    internal static Sequence List(List<string> parts, Budget budget)
    {
        budget.Grow(parts.Sum(part => part.Length + 16L));
        return Sequence.List([.. parts]);
    }

    /// <summary>str.splitlines: more line ends than '\n', and none after the last line.</summary>
    internal static List<string> Lines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && text[end] is not ('\n' or '\r' or '\v' or '\f'
                or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
                end++;
            var next = Math.Min(text.Length, end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1));
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }
        return lines;
    }

    private static List<string> Parts(string text, string separator, int most)
    {
        var parts = new List<string>();
        var at = 0;
        for (int next; most > 0 && (next = text.IndexOf(separator, at, StringComparison.Ordinal)) >= 0; most--)
        {
            parts.Add(text[at..next]);
            at = next + separator.Length;
        }
        parts.Add(text[at..]);
        return parts;
    }

    private static List<string> PartsFromRight(string text, string separator, int most)
    {
        var parts = new List<string>();
        var end = text.Length;
        for (int at; most > 0 && (at = text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal)) >= 0; most--)
        {
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }
        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<string> Words(string text, int most)
    {
        var words = new List<string>();
        for (var at = 0; ;)
        {
            while (at < text.Length && PyText.IsSpace(text[at]))
                at++;
            if (at == text.Length)
                return words;
            if (most-- == 0)
            {
                words.Add(PyText.Strip(text[at..], null, left: false, right: true));
                return words;
            }
            var start = at;
            while (at < text.Length && !PyText.IsSpace(text[at]))
                at++;
            words.Add(text[start..at]);
        }
    }

    private static List<string> WordsFromRight(string text, int most)
    {
        var words = new List<string>();
        for (var end = text.Length; ;)
        {
            while (end > 0 && PyText.IsSpace(text[end - 1]))
                end--;
            if (end == 0)
                break;
            if (most-- == 0)
            {
                words.Add(PyText.Strip(text[..end], null, left: true, right: false));
                break;
            }
            var stop = end;
            while (end > 0 && !PyText.IsSpace(text[end - 1]))
                end--;
            words.Add(text[end..stop]);
        }
        words.Reverse();
        return words;
    }
}
