using System.Text;

namespace LightReasoner.Worker.Tokenization.Normalization;

/// <summary>
/// Unicode normalization form C, by our own tables. string.Normalize depends on ICU: with InvariantGlobalization it returns
/// the text unchanged, and it throws on code points that text from the web contains.
/// </summary>
internal static class Nfc
{
    private const int HangulBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, VCount = 21, TCount = 28, SCount = 11172;

    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];
    // A set bit means: may change, or may combine with what stands before it. Everything else is a boundary.
    private static readonly ulong[] Unsafe = new ulong[0x110000 / 64];

    static Nfc()
    {
        var composed = CanonicalData.Composed;
        for (var i = 0; i < composed.Length; i += 3)
        {
            Decompositions.Add(composed[i], (composed[i + 1], composed[i + 2]));
            Compositions.Add((composed[i + 1], composed[i + 2]), composed[i]);
            Mark(composed[i + 2]);
        }
        var singletons = CanonicalData.DecomposedOnly;
        for (var i = 0; i < singletons.Length; i += 3)
        {
            Decompositions.Add(singletons[i], (singletons[i + 1], singletons[i + 2]));
            Mark(singletons[i]);
        }
        var classes = CanonicalData.CombiningClasses;
        for (var i = 0; i < classes.Length; i += 3)
        {
            for (var c = classes[i]; c <= classes[i + 1]; c++)
            {
                Classes.Add(c, (byte)classes[i + 2]);
                Mark(c);
            }
        }
        for (var v = VBase; v < VBase + VCount; v++)
            Mark(v);
        for (var t = TBase + 1; t < TBase + TCount; t++)
            Mark(t);

        static void Mark(int c) => Unsafe[c >> 6] |= 1UL << (c & 63);
    }

    /// <summary>Normalizes; returns the same string when nothing changes. Lone surrogates are kept.</summary>
    internal static string Normalize(string text)
    {
        StringBuilder? result = null;
        var copied = 0;
        var lastBoundary = 0;
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            var c = Next(text, ref i);
            if (c < 0x300 || !IsUnsafe(c))
            {
                lastBoundary = start;
                continue;
            }
            while (i < text.Length)
            {
                var after = i;
                if (IsUnsafe(Next(text, ref after)))
                    i = after;
                else
                    break;
            }
            result ??= new StringBuilder(text.Length);
            result.Append(text, copied, lastBoundary - copied);
            Compose(text.AsSpan(lastBoundary, i - lastBoundary), result);
            copied = lastBoundary = i;
        }
        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsUnsafe(int c) => (Unsafe[c >> 6] >> (c & 63) & 1) != 0;

    private static int Next(ReadOnlySpan<char> text, ref int i)
    {
        var c = text[i++];
        return char.IsHighSurrogate(c) && i < text.Length && char.IsLowSurrogate(text[i]) ? char.ConvertToUtf32(c, text[i++]) : c;
    }

    private static void Compose(ReadOnlySpan<char> text, StringBuilder result)
    {
        var points = new List<int>(text.Length);
        for (var i = 0; i < text.Length;)
            Decompose(Next(text, ref i), points);
        Order(points);

        var starter = -1;
        var lastClass = 0;
        var n = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var c = points[i];
            var cc = Class(c);
            // Blocked when something of the same or a higher class (or a starter that did not compose) stands between.
            if (starter >= 0 && (n == starter + 1 || lastClass != 0 && lastClass < cc) && Pair(points[starter], c) is >= 0 and var both)
            {
                points[starter] = both;
                continue;
            }
            if (cc == 0)
                starter = n;
            lastClass = cc;
            points[n++] = c;
        }
        for (var i = 0; i < n; i++)
        {
            if (points[i] < 0x10000)
                result.Append((char)points[i]);
            else
                result.Append(char.ConvertFromUtf32(points[i]));
        }
    }

    private static void Decompose(int c, List<int> points)
    {
        if ((uint)(c - HangulBase) < SCount)
        {
            var s = c - HangulBase;
            points.Add(LBase + s / (VCount * TCount));
            points.Add(VBase + s % (VCount * TCount) / TCount);
            if (s % TCount != 0)
                points.Add(TBase + s % TCount);
        }
        else if (Decompositions.TryGetValue(c, out var parts))
        {
            Decompose(parts.First, points);
            if (parts.Second != 0)
                Decompose(parts.Second, points);
        }
        else
        {
            points.Add(c);
        }
    }

    /// <summary>Sorts every run of combining marks by class, stably.</summary>
    private static void Order(List<int> points)
    {
        for (var i = 0; i < points.Count; i++)
        {
            if (Class(points[i]) == 0)
                continue;
            var end = i;
            while (end < points.Count && Class(points[end]) != 0)
                end++;
            if (end - i > 1)
            {
                var sorted = points.GetRange(i, end - i).OrderBy(Class).ToArray(); // OrderBy is stable
                for (var k = 0; k < sorted.Length; k++)
                    points[i + k] = sorted[k];
            }
            i = end;
        }
    }

    private static int Class(int c) => c >= 0x300 && Classes.TryGetValue(c, out var value) ? value : 0;

    private static int Pair(int first, int second)
    {
        if ((uint)(first - LBase) < 19 && (uint)(second - VBase) < VCount)
            return HangulBase + ((first - LBase) * VCount + second - VBase) * TCount;
        if ((uint)(first - HangulBase) < SCount && (first - HangulBase) % TCount == 0 && (uint)(second - TBase - 1) < TCount - 1)
            return first + second - TBase;
        return Compositions.GetValueOrDefault((first, second), -1);
    }
}
