namespace LightReasoner.Jinja;

/// <summary>Strings as Python sees them: sequences of code points, not of UTF-16 units.</summary>
internal static class CodePoints
{
    internal static int Length(string text)
    {
        var pairs = 0;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]))
            {
                pairs++;
                i++;
            }
        }
        return text.Length - pairs;
    }

    /// <summary>Every character as a string of its own.</summary>
    internal static List<string> Split(string text)
    {
        var items = new List<string>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            items.Add(pair ? text.Substring(i++, 2) : text[i].ToString());
        }
        return items;
    }

    internal static bool HasSurrogates(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>The character at an index from 0, or null.</summary>
    internal static string? At(string text, int index)
    {
        if (!HasSurrogates(text))
            return index < text.Length ? text[index].ToString() : null;
        foreach (var rune in text.EnumerateRunes())
        {
            if (index-- == 0)
                return rune.ToString();
        }
        return null;
    }

    /// <summary>Order by code point; UTF-16 order differs from U+E000 on.</summary>
    internal static int Compare(string left, string right)
    {
        var n = Math.Min(left.Length, right.Length);
        for (var i = 0; i < n; i++)
        {
            if (left[i] == right[i])
                continue;
            var (a, b) = (char.IsSurrogate(left[i]), char.IsSurrogate(right[i]));
            return a == b ? left[i].CompareTo(right[i]) : a ? 1 : -1;
        }
        return left.Length.CompareTo(right.Length);
    }

    /// <summary>The index in characters of an index in UTF-16 units.</summary>
    internal static int IndexOf(string text, int unit) => unit < 0 ? unit : HasSurrogates(text) ? Length(text[..unit]) : unit;
}
