namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>What becomes of the matches of a split.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Splits words at the matches of a pattern.</summary>
internal sealed class SplitPreTokenizer(ISplitPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Apply(ref Words words)
    {
        var result = new List<(int, int)>(Math.Max(words.Ranges.Count, words.Text.Length / 4));
        var matches = new List<(int Start, int Length)>();
        var parts = new List<(int Start, int Length, bool IsMatch)>();
        foreach (var (offset, length) in words.Ranges)
        {
            matches.Clear();
            pattern.FindMatches(words.Text.AsSpan(offset, length), matches);
            if (behavior == SplitBehavior.Isolated)
            {
                var at = 0;
                foreach (var (start, size) in matches)
                {
                    if (start > at)
                        result.Add((offset + at, start - at));
                    result.Add((offset + start, size));
                    at = start + size;
                }
                if (at < length)
                    result.Add((offset + at, length - at));
                continue;
            }
            parts.Clear();
            Partition(matches, length, parts);
            Join(parts);
            foreach (var (start, size, _) in parts)
                result.Add((offset + start, size));
        }
        words.Ranges = result;
    }

    private void Partition(List<(int Start, int Length)> matches, int length, List<(int, int, bool)> parts)
    {
        var at = 0;
        foreach (var (start, size) in matches)
        {
            if (start > at)
                parts.Add((at, start - at, invert));
            parts.Add((start, size, !invert));
            at = start + size;
        }
        if (at < length)
            parts.Add((at, length - at, invert));
    }

    private void Join(List<(int Start, int Length, bool IsMatch)> parts)
    {
        if (behavior == SplitBehavior.Removed)
        {
            parts.RemoveAll(p => p.IsMatch);
            return;
        }
        if (behavior == SplitBehavior.MergedWithNext)
            parts.Reverse();
        var n = 0;
        var previous = false;
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            var join = behavior == SplitBehavior.Contiguous ? part.IsMatch == previous : part.IsMatch && !previous;
            previous = part.IsMatch;
            if (join && n > 0)
                parts[n - 1] = (Math.Min(parts[n - 1].Start, part.Start), parts[n - 1].Length + part.Length, part.IsMatch);
            else
                parts[n++] = part;
        }
        parts.RemoveRange(n, parts.Count - n);
        if (behavior == SplitBehavior.MergedWithNext)
            parts.Reverse();
    }
}
