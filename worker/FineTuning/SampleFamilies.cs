namespace LightReasoner.Worker.FineTuning;

/// <summary>Samples whose prefixes extend one another, as the steps of one answer do.</summary>
internal static class SampleFamilies
{
    /// <summary>Indices by family, in the order of the prefixes. Each sample, which may lie in a file, is read once.</summary>
    public static IReadOnlyList<int[]> Of(IReadOnlyList<TrainingSample> samples)
    {
        // Samples come answer by answer, each prefix extending the one before: of such a chain only the longest stays in memory.
        var prefixes = new ReadOnlyMemory<int>[samples.Count];
        for (var i = samples.Count - 1; i >= 0; i--)
        {
            ReadOnlyMemory<int> next = i + 1 < samples.Count ? prefixes[i + 1] : default, own = samples[i].Prefix;
            prefixes[i] = next.Span.StartsWith(own.Span) ? next[..own.Length] : own;
        }
        var order = Enumerable.Range(0, samples.Count).ToArray();
        Array.Sort(order, (a, b) => prefixes[a].Span.SequenceCompareTo(prefixes[b].Span) is not 0 and var difference ? difference : a - b);
        var families = new List<List<int>>();
        foreach (var (at, sample) in order.Index())
        {
            if (at == 0 || !prefixes[sample].Span.StartsWith(prefixes[order[at - 1]].Span))
                families.Add([]);
            families[^1].Add(sample);
        }
        return families.ConvertAll(family => family.ToArray());
    }
}
