using System.Globalization;
using System.Text;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// A set of completion indexes in the form of a Job's status: ascending, ranges of three and more written <c>1-3</c>, two
/// neighbours <c>1,2</c>.
/// </summary>
internal sealed class Indexes
{
    private readonly List<(int First, int Last)> ranges;

    private Indexes(List<(int First, int Last)> ranges) => this.ranges = ranges;

    public static Indexes Empty { get; } = new([]);

    public int Count => ranges.Sum(r => r.Last - r.First + 1);

    /// <summary>
    /// Reads the compressed form; what lies at or beyond <paramref name="completions"/> and what is malformed is left out.
    /// </summary>
    public static Indexes Parse(string? text, int completions)
    {
        var found = new List<(int, int)>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)) continue;
            var last = first;
            if (ends.Length > 1 && !int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out last)) continue;
            if (first < completions) found.Add((first, Math.Min(last, completions - 1)));
        }
        return From(found);
    }

    public static Indexes Of(IEnumerable<int> indexes) => From(indexes.Select(i => (i, i)));

    public bool Contains(int index)
    {
        int low = 0, high = ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < index) low = middle + 1;
            else high = middle;
        }
        return low < ranges.Count && ranges[low].First <= index;
    }

    public Indexes Union(Indexes other) => From(ranges.Concat(other.ranges));

    public Indexes With(IEnumerable<int> indexes) => Union(Of(indexes));

    /// <summary>How many indexes both sets have.</summary>
    public int Overlap(Indexes other)
    {
        int count = 0, i = 0, j = 0;
        while (i < ranges.Count && j < other.ranges.Count)
        {
            var (a, b) = (ranges[i], other.ranges[j]);
            count += Math.Max(0, Math.Min(a.Last, b.Last) - Math.Max(a.First, b.First) + 1);
            if (a.Last <= b.Last) i++;
            else j++;
        }
        return count;
    }

    /// <summary>
    /// The lowest indexes below <paramref name="completions"/> that are not in the set, at most <paramref name="count"/>.
    /// </summary>
    public List<int> FirstMissing(int count, int completions)
    {
        var missing = new List<int>();
        var next = 0;
        foreach (var (first, last) in ranges)
        {
            for (; next < first && next < completions && missing.Count < count; next++) missing.Add(next);
            next = Math.Max(next, last + 1);
        }
        for (; next < completions && missing.Count < count; next++) missing.Add(next);
        return missing;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in ranges)
        {
            if (text.Length > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{first}");
            if (last > first) text.Append(CultureInfo.InvariantCulture, $"{(last == first + 1 ? ',' : '-')}{last}");
        }
        return text.ToString();
    }

    private static Indexes From(IEnumerable<(int First, int Last)> parts)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var part in parts.OrderBy(p => p.First))
        {
            if (merged.Count > 0 && part.First <= merged[^1].Last + 1)
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, part.Last));
            else if (part.Last >= part.First)
                merged.Add(part);
        }
        return new Indexes(merged);
    }
}
