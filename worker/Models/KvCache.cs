using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Keys and values of what a batch of sequences has read so far. Every row has its own length; rows are independent and may be truncated
/// and overwritten one by one. The cache grows in steps as rows become longer.
/// </summary>
public sealed class KvCache : IDisposable
{
    private const int Step = 64; // tokens; also keeps the reach of attention a multiple of what GPU kernels want

    // By layer, [rows, capacity, 2·kvHeads, headDim], keys before values: one write a token. It begins as zeros, since a masked slot still
    // takes part in the arithmetic and NaN · 0 is NaN.
    private readonly Tensor[] _layers;
    private readonly int _kvHeads;

    /// <summary>An empty cache for a number of rows.</summary>
    public KvCache(CausalLM model, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        (Lengths, Capacity, _kvHeads) = (new int[rows], Step, model.Config.NumKvHeads);
        using var _ = no_grad();
        _layers = [.. Enumerable.Range(0, model.Config.NumLayers)
            .Select(_ => zeros([rows, Capacity, 2 * _kvHeads, model.Config.HeadDim], dtype: model.DType, device: model.Device)
                .DetachFromDisposeScope())];
    }

    /// <summary>Number of rows.</summary>
    public int Rows => Lengths.Length;

    /// <summary>Tokens that a row can hold before the cache grows.</summary>
    public int Capacity { get; private set; }

    /// <summary>Tokens that each row holds. Change it by <see cref="Truncate"/>.</summary>
    public int[] Lengths { get; private set; }

    /// <summary>Bytes that a token takes in all layers.</summary>
    public static long BytesPerToken(CausalLM model) =>
        2L * model.Config.NumLayers * model.Config.NumKvHeads * model.Config.HeadDim * model.DType.ElementSize();

    /// <summary>Forgets the tokens of a row from position <paramref name="length"/> on.</summary>
    public void Truncate(int row, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Lengths[row]);
        Lengths[row] = length;
    }

    /// <summary>Gives every row the tokens of the first one.</summary>
    public void ShareFirstRow()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Array.Fill(Lengths, Lengths[0]);
        if (Rows == 1 || Lengths[0] == 0)
            return;
        foreach (var layer in _layers)
            layer.narrow(0, 1, Rows - 1).narrow(1, 0, Lengths[0]).copy_(layer.narrow(0, 0, 1).narrow(1, 0, Lengths[0]));
    }

    /// <summary>Keeps some rows only, renumbered in the given order.</summary>
    public void Keep(int[] rows)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var index = rows.ToDevice(_layers[0].device);
        for (var i = 0; i < _layers.Length; i++)
            Replace(i, _layers[i].index_select(0, index));
        Lengths = Array.ConvertAll(rows, row => Lengths[row]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers)
            layer.Dispose();
    }

    /// <summary>Where new tokens go, [rows, length] of which <paramref name="newLengths"/> are real; makes room for them.</summary>
    internal CachePlace Place(int length, int[] newLengths, int[]? rows)
    {
        var count = rows?.Length ?? Rows;
        if (newLengths.Length != count || newLengths.Any(n => n < 0 || n > length))
            throw new ArgumentException($"newLengths must be {count} numbers from 0 to {length}", nameof(newLengths));
        var starts = Array.ConvertAll(rows ?? [.. Enumerable.Range(0, count)], row => Lengths[row]);
        var reach = starts.Max() + length;
        if (reach > Capacity)
            Grow(Math.Max(reach, Capacity + Capacity / 4));
        var places = new long[2 * count * length];
        for (var row = 0; row < count; row++)
        {
            for (var i = 0; i < length; i++)
            {
                places[row * length + i] = starts[row] + i;
                places[(count + row) * length + i] = (long)(rows?[row] ?? row) * Capacity + starts[row] + i;
            }
        }
        var device = _layers[0].device;
        var both = places.ToDevice(device).view(2, count, length);
        return new CachePlace(both.select(0, 0), both.select(0, 1).view(-1), rows?.ToDevice(device), RoundUp(reach));
    }

    internal void Advance(int[] newLengths, int[]? rows)
    {
        for (var i = 0; i < newLengths.Length; i++)
            Lengths[rows?[i] ?? i] += newLengths[i];
    }

    /// <summary>
    /// Writes new keys and values, [tokens, 2·kvHeads, headDim], and returns all that is attended to, each [rows, kvHeads, reach, headDim].
    /// </summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keysValues, CachePlace place)
    {
        var all = _layers[layer];
        all.view(-1, 2 * _kvHeads, all.size(3)).index_copy_(0, place.Slots, keysValues);
        var seen = all.narrow(1, 0, place.Reach);
        if (place.Rows is not null)
            seen = seen.index_select(0, place.Rows);
        seen = seen.transpose(1, 2);
        return (seen.narrow(1, 0, _kvHeads), seen.narrow(1, _kvHeads, _kvHeads));
    }

    private void Grow(int capacity)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        capacity = RoundUp(capacity);
        for (var i = 0; i < _layers.Length; i++)
        {
            var larger = zeros([Rows, capacity, 2 * _kvHeads, _layers[i].size(3)], dtype: _layers[i].dtype, device: _layers[i].device);
            larger.narrow(1, 0, Capacity).copy_(_layers[i]);
            Replace(i, larger);
        }
        Capacity = capacity;
    }

    private void Replace(int layer, Tensor by)
    {
        _layers[layer].Dispose();
        _layers[layer] = by.DetachFromDisposeScope();
    }

    private static int RoundUp(int tokens) => (tokens + Step - 1) / Step * Step;
}

/// <summary>Where the new tokens of a forward pass lie in a cache.</summary>
/// <param name="Positions">[rows, length].</param>
/// <param name="Slots">The cache's rows one after the other, [rows·length].</param>
/// <param name="Rows">The cache's rows that are continued; null for all.</param>
/// <param name="Reach">Keys that are looked at, at least one more than the highest position.</param>
internal sealed record CachePlace(Tensor Positions, Tensor Slots, Tensor? Rows, int Reach)
{
    /// <summary>Each token attends to what is not behind it: 0 or -inf, [rows, 1, group·length, reach].</summary>
    public Tensor Mask(int group, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (Positions.size(0), Positions.size(1));
        var keys = arange(Scalars.Zero, Scalars.Of(Reach), Scalars.One, device: Positions.device);
        var mask = zeros([rows, 1, length, Reach], dtype: dtype, device: Positions.device)
            .masked_fill_(keys.gt(Positions.view(rows, 1, length, 1)), Scalars.NegativeInfinity);
        if (length > 1 && group > 1)
            mask = mask.repeat(1, 1, group, 1); // rows of the product are [group, length]
        return mask.MoveToOuterDisposeScope();
    }
}
