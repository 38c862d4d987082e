using System.Collections;
using LightReasoner.Worker.FineTuning;

namespace LightReasoner.Worker.Tests.FineTuning;

public class SampleFamiliesTests
{
    [Fact]
    public void Of_AnyOrder_AreThoseOfSortedPrefixes()
    {
        var random = new Random(5);
        var samples = Answers(40, random);
        samples.AddRange(samples.Where((_, i) => i % 7 == 0).ToArray()); // again, as when a question occurs twice
        foreach (var shuffled in (bool[])[false, true])
        {
            if (shuffled)
                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(samples));
            Assert.Equal(Sorted(samples), SampleFamilies.Of(samples));
        }
        Assert.Equal([[0]], SampleFamilies.Of(samples[..1]));
    }

    [Fact]
    public void Of_SamplesAsTheyAreMade_ReadsEachOnce()
    {
        var samples = new CountingList(Answers(50, new Random(6)));
        Assert.Equal(Sorted(samples.Items), SampleFamilies.Of(samples));
        Assert.Equal(samples.Count, samples.Reads);
    }

    /// <summary>
    /// Kept steps of answers that begin alike, as those under one system prompt do, and some of which stay alike for a while.
    /// </summary>
    private static List<TrainingSample> Answers(int count, Random random)
    {
        var samples = new List<TrainingSample>();
        for (var answer = 0; answer < count; answer++)
        {
            int[] ids = [.. Enumerable.Repeat(9, 20), .. Enumerable.Range(0, 30).Select(_ => random.Next(2))];
            for (var length = 20; length <= ids.Length; length += 1 + random.Next(8))
                samples.Add(new TrainingSample(ids[..length], [1], [1]));
        }
        return samples;
    }

    private static List<int[]> Sorted(List<TrainingSample> samples)
    {
        var families = new List<List<int>>();
        var order = Enumerable.Range(0, samples.Count).ToArray();
        Array.Sort(order, (a, b) => samples[a].Prefix.AsSpan().SequenceCompareTo(samples[b].Prefix) is not 0 and var difference
            ? difference : a.CompareTo(b));
        foreach (var i in order)
        {
            if (families.Count == 0 || !samples[i].Prefix.AsSpan().StartsWith(samples[families[^1][^1]].Prefix))
                families.Add([]);
            families[^1].Add(i);
        }
        return families.ConvertAll(family => family.ToArray());
    }

    private sealed class CountingList(List<TrainingSample> items) : IReadOnlyList<TrainingSample>
    {
        public List<TrainingSample> Items => items;

        public int Reads { get; private set; }

        public int Count => items.Count;

        public TrainingSample this[int index]
        {
            get
            {
                Reads++;
                return items[index];
            }
        }

        public IEnumerator<TrainingSample> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
                yield return this[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
