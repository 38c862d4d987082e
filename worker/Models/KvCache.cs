using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Keys and values of what a batch of sequences has read so far. Every row has its own length; rows are independent and may be
/// truncated, emptied and overwritten one by one.
/// </summary>
public sealed class KvCache : IDisposable
{
    private readonly Store[] _keys, _values; // by layer
    private readonly DecoderConfig _config;
    private readonly ScalarType _dtype;

    /// <summary>Allocates an empty cache for <paramref name="batch"/> rows of at most <paramref name="capacity"/> tokens.</summary>
    public KvCache(DecoderConfig config, int batch, int capacity, ScalarType dtype, Device device)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (Batch, Capacity, KvHeads) = (batch, capacity, config.NumKvHeads);
        (_config, _dtype) = (config, dtype);
        Lengths = new int[batch];
        var type = ComputeType.For(dtype, device);
        using var _ = no_grad();
        long[] shape = [batch, config.NumKvHeads, capacity + 1, config.HeadDim];
        _keys = Allocate();
        _values = Allocate();

        Store[] Allocate() => [.. Enumerable.Range(0, config.NumLayers).Select(_ => new Store(zeros(shape, dtype: type, device: device)))];
    }

    /// <summary>Number of rows.</summary>
    public int Batch { get; }

    /// <summary>Most tokens that a row can hold.</summary>
    public int Capacity { get; }

    /// <summary>Tokens that each row holds. Change it by <see cref="SetLength"/>.</summary>
    public int[] Lengths { get; }

    internal int KvHeads { get; }

    /// <summary>Forgets the tokens of a row from position <paramref name="n"/> on.</summary>
    public void SetLength(int row, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, Lengths[row]);
        Lengths[row] = n;
    }

    /// <summary>Number of keys that the farthest of some new tokens sees, of which each row gets a number of its own.</summary>
    internal int Reach(int[] newLengths)
    {
        var reach = 1;
        for (var row = 0; row < Batch; row++)
            if (newLengths[row] > 0)
                reach = Math.Max(reach, Lengths[row] + newLengths[row]);
        return reach;
    }

    /// <summary>Refuses new tokens, [batch, length] of which <paramref name="newLengths"/> are real, that do not fit.</summary>
    internal void CheckRoom(int batch, int length, int[] newLengths)
    {
        if (batch != Batch || newLengths.Length != batch)
            throw new ArgumentException($"the cache has {Batch} rows, the ids {batch} and newLengths {newLengths.Length}");
        for (var row = 0; row < batch; row++)
        {
            if (newLengths[row] < 0 || newLengths[row] > length)
                throw new ArgumentException($"newLengths[{row}] must be 0 to {length}, is {newLengths[row]}");
            if (Lengths[row] + newLengths[row] > Capacity)
                throw new ArgumentException($"row {row} holds {Lengths[row]} tokens; {newLengths[row]} more exceed the cache's capacity of {Capacity}");
        }
    }

    /// <summary>Counts new tokens whose keys and values were written.</summary>
    internal void Advance(int[] newLengths)
    {
        for (var row = 0; row < Batch; row++)
            Lengths[row] += newLengths[row];
    }

    /// <summary>Forgets all tokens of a row.</summary>
    public void ResetRow(int row) => Lengths[row] = 0;

    /// <summary>Makes row <paramref name="to"/> a copy of row <paramref name="from"/>.</summary>
    public void ReorderOrCopyRow(int from, int to)
    {
        if (from != to && Lengths[from] > 0)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            foreach (var store in _keys.Concat(_values))
                store.Whole.select(0, to).narrow(1, 0, Lengths[from]).copy_(store.Whole.select(0, from).narrow(1, 0, Lengths[from]));
        }
        Lengths[to] = Lengths[from];
    }

    /// <summary>Makes row <c>to[i]</c> a copy of row <c>from[i]</c> of another cache of the same model.</summary>
    public void CopyRows(KvCache source, int[] from, int[] to)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var longest = from.Max(row => source.Lengths[row]);
        Tensor rows = from.ToDevice(_keys[0].Whole.device), targets = to.ToDevice(_keys[0].Whole.device);
        foreach (var (mine, theirs) in _keys.Concat(_values).Zip(source._keys.Concat(source._values)))
            mine.Whole.narrow(2, 0, longest).index_copy_(0, targets, theirs.Whole.narrow(2, 0, longest).index_select(0, rows));
        for (var i = 0; i < to.Length; i++)
            Lengths[to[i]] = source.Lengths[from[i]];
    }

    /// <summary>Another cache that holds the same.</summary>
    internal KvCache Copy()
    {
        var copy = new KvCache(_config, Batch, Capacity, _dtype, _keys[0].Whole.device);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Takes over all rows of a cache of the same size.</summary>
    internal void CopyFrom(KvCache source)
    {
        int[] all = [.. Enumerable.Range(0, Batch)];
        CopyRows(source, all, all);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var store in _keys.Concat(_values))
            store.Dispose();
    }

    /// <summary>Writes the new keys and values [batch, kvHeads, length, headDim] and returns all that is attended to, [batch·kvHeads, reach, headDim].</summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values, Tensor slots, int reach) =>
        (_keys[layer].Put(keys, slots, reach), _values[layer].Put(values, slots, reach));

    /// <summary>All slots of a layer's keys and values, [batch, kvHeads, capacity + 1, headDim].</summary>
    internal (Tensor Keys, Tensor Values) Stores(int layer) => (_keys[layer].Whole, _values[layer].Whole);

    /// <summary>
    /// [batch, kvHeads, capacity + 1, headDim]; the extra slot takes what padding columns write beyond the capacity. It begins as zeros, since a
    /// masked slot still takes part in the arithmetic and NaN · 0 is NaN.
    /// </summary>
    private sealed class Store : IDisposable
    {
        private readonly Tensor _bySlot, _byHead; // views: [slots, headDim], [batch·kvHeads, capacity + 1, headDim]

        public Store(Tensor whole)
        {
            Whole = whole.DetachFromDisposeScope();
            _bySlot = whole.view(-1, whole.shape[3]).DetachFromDisposeScope();
            _byHead = whole.view(-1, whole.shape[2], whole.shape[3]).DetachFromDisposeScope();
        }

        public Tensor Whole { get; }

        public Tensor Put(Tensor news, Tensor slots, int reach)
        {
            _bySlot.index_copy_(0, slots, news.reshape(-1, Whole.shape[3]));
            return _byHead.narrow(1, 0, reach);
        }

        public void Dispose()
        {
            _bySlot.Dispose();
            _byHead.Dispose();
            Whole.Dispose();
        }
    }
}
