using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>What all layers of one forward pass share: positions (as rotations), the mask, and where new keys and values go.</summary>
internal sealed class AttentionPlan
{
    private readonly Tensor? _commonMask; // [groups·length, reach], 0 or -inf, the same for all rows and key heads
    private readonly Tensor? _rowMask;    // [batch, 1, length, reach]

    private AttentionPlan(int batch, int length, int reach, Tensor[] turns, Tensor? commonMask, Tensor? rowMask)
    {
        (Batch, Length, Reach) = (batch, length, reach);
        (QueryCos, QuerySin, KeyCos, KeySin) = (turns[0], turns[1], turns[2], turns[3]);
        (_commonMask, _rowMask) = (commonMask, rowMask);
    }

    public int Batch { get; }

    public int Length { get; }

    /// <summary>Number of keys that the farthest query sees.</summary>
    public int Reach { get; }

    /// <summary>Rotations, each broadcastable to [batch, heads, length, headDim]; those of queries carry the attention scale.</summary>
    public Tensor QueryCos { get; }

    public Tensor QuerySin { get; }

    public Tensor KeyCos { get; }

    public Tensor KeySin { get; }

    public KvCache? Cache { get; private init; }

    /// <summary>Flat cache slots of the new keys, [batch·kvHeads·length].</summary>
    public Tensor? Slots { get; private init; }

    /// <summary>Positions 0..length-1 in every row.</summary>
    public static AttentionPlan WithoutCache(DecoderConfig config, RotaryEmbedding rotary, int batch, int length, ScalarType type, Device device)
    {
        var turns = rotary.Tables(length).narrow(1, 0, length).unbind(0);
        return new AttentionPlan(batch, length, length, turns, CausalMask(config, 0, length, length, type, device), null);
    }

    /// <summary>Every row continues at its own length in the cache; <paramref name="newLengths"/> of its columns are real.</summary>
    public static AttentionPlan WithCache(DecoderConfig config, RotaryEmbedding rotary, KvCache cache, int length, int[] newLengths, ScalarType type, Device device)
    {
        var (batch, first) = (cache.Batch, cache.Lengths[0]);
        var reach = 1;
        for (var row = 0; row < batch; row++)
            if (newLengths[row] > 0)
                reach = Math.Max(reach, cache.Lengths[row] + newLengths[row]);
        var tables = rotary.Tables(cache.Lengths.Max() + length);
        var slots = tensor(SlotsOf(cache, length), device: device);
        if (cache.Lengths.All(n => n == first))
        {
            var span = tables.narrow(1, first, length).unbind(0);
            return new AttentionPlan(batch, length, reach, span, CausalMask(config, first, length, reach, type, device), null) { Cache = cache, Slots = slots };
        }

        var starts = tensor(Array.ConvertAll(cache.Lengths, n => (long)n), device: device);
        var positions = starts.view(-1, 1).add(arange(length, device: device)); // [batch, length]
        var turns = tables.index_select(1, positions.view(-1)).view(4, batch, 1, length, config.HeadDim).unbind(0);
        var hidden = arange(reach, device: device).gt(positions.view(batch, 1, length, 1));
        var mask = zeros([batch, 1, length, reach], dtype: type, device: device).masked_fill_(hidden, double.NegativeInfinity);
        return new AttentionPlan(batch, length, reach, turns, null, mask) { Cache = cache, Slots = slots };
    }

    /// <summary>Hides what lies after each query, in place.</summary>
    /// <param name="scores">[batch·kvHeads, groups·length, reach].</param>
    public Tensor Mask(Tensor scores)
    {
        if (_commonMask is not null)
            return scores.add_(_commonMask);
        if (_rowMask is not null) // only with a cache, so without gradients: writing through a view is free
            scores.view(Batch, -1, Length, Reach).add_(_rowMask).Dispose();
        return scores;
    }

    private static Tensor? CausalMask(DecoderConfig config, int first, int length, int reach, ScalarType type, Device device) => length == 1
        ? null
        : full([length, reach], double.NegativeInfinity, dtype: ScalarType.Float32, device: device).triu_(first + 1)
            .In(type).repeat(config.NumHeads / config.NumKvHeads, 1);

    private static long[] SlotsOf(KvCache cache, int length)
    {
        var slots = new long[cache.Batch * cache.KvHeads * length];
        var at = 0;
        for (var row = 0; row < cache.Batch; row++)
            for (var head = 0; head < cache.KvHeads; head++)
            {
                var start = ((long)row * cache.KvHeads + head) * (cache.Capacity + 1);
                for (var column = 0; column < length; column++)
                    slots[at++] = start + Math.Min(cache.Lengths[row] + column, cache.Capacity);
            }
        return slots;
    }
}
