using LightReasoner.Worker.Generation;

namespace LightReasoner.Worker.Training;

/// <summary>A new random order of the records for every epoch. It follows from seed and epoch alone, so a resumed run needs only to know its step.</summary>
internal sealed class EpochOrder(int count, long seed)
{
    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>Records <paramref name="start"/>..<paramref name="start"/>+<paramref name="length"/>-1 of an epoch, fewer at its end.</summary>
    public ArraySegment<int> Take(long epoch, long start, int length)
    {
        if (epoch != _epoch)
            (_epoch, _order) = (epoch, new RandomStream(seed, epoch).Permutation(count));
        return new ArraySegment<int>(_order, (int)start, (int)Math.Min(length, count - start));
    }
}
