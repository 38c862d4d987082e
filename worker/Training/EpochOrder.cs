using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Training;

/// <summary>
/// A new random order of the records for every epoch. It follows from seed and epoch alone, so a resumed run needs only to know its step.
/// </summary>
/// <param name="families">
/// Records that are cheaper together, as the steps of one question are; null for none. Each epoch divides every family into groups of at
/// most
/// <paramref name="group"/> records and shuffles the groups: a record's place stays uniform, and so does its company within its family;
/// only neighbours are no longer independent.
/// </param>
/// <param name="group">Most records of a family that stay together.</param>
internal sealed class EpochOrder(int count, long seed, IReadOnlyList<int[]>? families = null, int group = 1)
{
    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>
    /// Records <paramref name="start"/>..<paramref name="start"/>+<paramref name="length"/>-1 of an epoch, fewer at its end.
    /// </summary>
    public ArraySegment<int> Take(long epoch, long start, long length)
    {
        if (epoch != _epoch)
            (_epoch, _order) = (epoch, Shuffle(new RandomStream(seed, epoch)));
        return new ArraySegment<int>(_order, (int)start, (int)Math.Min(length, count - start));
    }

    private int[] Shuffle(RandomStream random)
    {
        if (families is null)
            return random.Permutation(count);
        var groups = new List<int[]>();
        foreach (var family in families)
            groups.AddRange(random.Permutation(family.Length).Select(i => family[i]).Chunk(group));
        return [.. random.Permutation(groups.Count).SelectMany(i => groups[i])];
    }
}
