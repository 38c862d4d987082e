namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// A set of completion indexes in the form of a Job's status: ascending, ranges of three and more written <c>1-3</c>, two
/// neighbours <c>1,2</c>.
/// </summary>
internal sealed class Indexes
{
    private readonly SortedSet<int> set;

    private Indexes(IEnumerable<int> indexes) => set = [.. indexes];

    public static Indexes Empty { get; } = new([]);

    public int Count => set.Count;

    /// <summary>
    /// Reads the compressed form; what lies at or beyond <paramref name="completions"/> and what is malformed is left out.
    /// </summary>
    public static Indexes Parse(string? text, int completions)
    {
        var found = new List<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
                found.AddRange(Enumerable.Range(first, Math.Max(0, Math.Min(last, completions - 1) - first + 1)));
        }
        return new Indexes(found);
    }

    public static Indexes Of(IEnumerable<int> indexes) => new(indexes);

    public bool Contains(int index) => set.Contains(index);

    public Indexes Union(Indexes other) => new(set.Union(other.set));

    public Indexes With(IEnumerable<int> indexes) => new(set.Union(indexes));

    /// <summary>
    /// The lowest indexes below <paramref name="completions"/> that are not in the set, at most <paramref name="count"/>.
    /// </summary>
    public List<int> FirstMissing(int count, int completions) =>
        [.. Enumerable.Range(0, completions).Where(i => !set.Contains(i)).Take(count)];

    public override string ToString()
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var index in set)
        {
            if (ranges.Count > 0 && ranges[^1].Last == index - 1) ranges[^1] = (ranges[^1].First, index);
            else ranges.Add((index, index));
        }
        return string.Join(',', ranges.Select(r =>
            r.First == r.Last ? $"{r.First}" : $"{r.First}{(r.Last == r.First + 1 ? ',' : '-')}{r.Last}"));
    }
}
