namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Samples whose prefixes extend one another, as the steps of one answer do. Samples lie in a file once they are many, and sorting compares
/// each of them some twenty times; but they come answer by answer, each prefix extending the one before. So every sample is read once, and
/// of each such chain only the longest prefix is kept for comparing.
/// </summary>
internal sealed class SampleFamilies
{
    private const int Memory = 64 << 20;

    private readonly IReadOnlyList<TrainingSample> _samples;
    private readonly int[] _chains, _lengths; // by sample
    private readonly List<int> _longest = []; // of each chain: its last sample
    private readonly List<int[]?> _prefixes = []; // of that; null if too much would be kept

    private SampleFamilies(IReadOnlyList<TrainingSample> samples, long memory)
    {
        (_samples, _chains, _lengths) = (samples, new int[samples.Count], new int[samples.Count]);
        int[] last = [];
        foreach (var (i, sample) in samples.Index())
        {
            if (i > 0 && !sample.Prefix.AsSpan().StartsWith(last))
                EndChain(i - 1);
            last = sample.Prefix;
            (_chains[i], _lengths[i]) = (_longest.Count, last.Length);
        }
        EndChain(samples.Count - 1);

        void EndChain(int sample)
        {
            memory -= last.Length * sizeof(int);
            _longest.Add(sample);
            _prefixes.Add(memory >= 0 ? last : null);
        }
    }

    /// <summary>Indices by family, in the order of the prefixes.</summary>
    /// <param name="memory">Bytes of prefixes that are kept at most; those beyond are read again for every comparison.</param>
    public static IReadOnlyList<int[]> Of(IReadOnlyList<TrainingSample> samples, long memory = Memory)
    {
        var prefixes = new SampleFamilies(samples, memory);
        var order = Enumerable.Range(0, samples.Count).ToArray();
        Array.Sort(order, prefixes.Compare);
        var families = new List<int[]>();
        var start = 0;
        for (var i = 1; i <= order.Length; i++)
        {
            if (i < order.Length && prefixes.Extends(order[i], order[i - 1]))
                continue;
            families.Add(order[start..i]);
            start = i;
        }
        return families;
    }

    private ReadOnlySpan<int> Prefix(int sample)
    {
        var chain = _chains[sample];
        return (_prefixes[chain] ?? _samples[_longest[chain]].Prefix).AsSpan(0, _lengths[sample]);
    }

    private int Compare(int a, int b)
    {
        var difference = _chains[a] == _chains[b] ? _lengths[a] - _lengths[b] : Prefix(a).SequenceCompareTo(Prefix(b));
        return difference != 0 ? difference : a.CompareTo(b);
    }

    private bool Extends(int sample, int shorter) =>
        _chains[sample] == _chains[shorter] || Prefix(sample).StartsWith(Prefix(shorter)); // within a chain they are ordered by length
}
