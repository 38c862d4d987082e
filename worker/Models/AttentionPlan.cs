using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>What all layers of one forward pass share: positions (as rotations), the mask, and where new keys and values go.</summary>
internal sealed class AttentionPlan
{
    private readonly Tensor? _commonMask; // broadcastable to [batch·kvHeads, groups·length, reach], 0 or -inf
    private readonly Tensor? _rowMask;    // [batch, 1, length, reach]
    private readonly Tensor? _tables;     // [4, positions, headDim]
    private readonly int[]? _newLengths;
    private int[]? _from; // by row: the first new token that is asked for
    private readonly DecodeAttention.Shape _shape;
    private List<(Tensor Keys, Tensor Values)>? _collected;
    private Func<int, (Tensor Keys, Tensor Values)>? _promptOfLayer;
    private int[]? _promptLengths; // by row, where they are unequal
    private bool _usesKernel;      // TryAttend stands for mask and attention

    private AttentionPlan(KvCache cache, int length, int reach, Tensor tables, int[] newLengths, DecodeAttention.Shape shape)
    {
        (Batch, Length, Reach, Cache) = (cache.Batch, length, reach, cache);
        (_tables, _newLengths, _shape) = (tables, newLengths, shape);
        QueryCos = QuerySin = KeyCos = KeySin = tables;
    }

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

    /// <summary>What of the last layer's output is asked for, as flat positions in [batch·length]; null for all of it.</summary>
    public Tensor? Asked { get; private set; }

    /// <summary>Whether <see cref="Decode"/> stands for rotation, cache, mask and attention.</summary>
    public bool Decodes => _tables is not null;

    /// <summary>The context of the new tokens, [batch·length, heads·headDim], from their queries, keys and values side by side; in the last layer of those that are asked for.</summary>
    public Tensor Decode(int layer, Tensor projected, bool last)
    {
        var (keys, values) = Cache!.Stores(layer);
        return DecodeAttention.Attend(projected, _tables!, keys, values, _shape, Cache.Lengths, _newLengths!, Length, last ? _from : null);
    }

    /// <summary>Asks for the last layer's output from some new token of each row on only. Of those before it keys and values are all that is needed.</summary>
    /// <param name="from">By row.</param>
    /// <param name="newLengths">New tokens of each row.</param>
    /// <param name="device">Where the model is.</param>
    public void AskFrom(int[] from, int[] newLengths, Device device)
    {
        var positions = new List<long>();
        for (var row = 0; row < Batch; row++)
            for (var column = from[row]; column < newLengths[row]; column++)
                positions.Add((long)row * Length + column);
        if (positions.Count < (long)Batch * Length)
            (_from, Asked) = (from, positions.ToArray().ToDevice(device));
    }

    /// <summary>Positions 0..length-1 in every row.</summary>
    public static AttentionPlan WithoutCache(DecoderConfig config, RotaryEmbedding rotary, int batch, int length, ScalarType type, Device device)
    {
        var turns = rotary.Tables(length).narrow(1, 0, length).unbind(0);
        var kernel = CausalAttention.Supports(type, device, config.HeadDim, length);
        return new AttentionPlan(batch, length, length, turns, kernel ? null : CausalMask(config, 0, length, length, type, device), null) { _usesKernel = kernel };
    }

    /// <summary>Keeps every layer's keys and values.</summary>
    public AttentionPlan Collecting(List<(Tensor Keys, Tensor Values)> states)
    {
        _collected = states;
        return this;
    }

    /// <summary>Tokens behind prompts that were read before: they see their row's prompt, which is padded on the right to <paramref name="promptReach"/>, and one another.</summary>
    public static AttentionPlan BehindPrompts(
        DecoderConfig config, RotaryEmbedding rotary, int[] promptLengths, int promptReach, Func<int, (Tensor, Tensor)> promptOfLayer, int length, ScalarType type, Device device)
    {
        var (batch, reach, first) = (promptLengths.Length, promptReach + length, promptLengths[0]);
        var kernel = CausalAttention.Supports(type, device, config.HeadDim, promptLengths.Min() + length);
        var tables = rotary.Tables(promptLengths.Max() + length);
        if (promptLengths.All(n => n == first))
        {
            return new AttentionPlan(batch, length, reach, tables.narrow(1, first, length).unbind(0), kernel ? null : CausalMask(config, promptReach, length, reach, type, device), null)
            { _promptOfLayer = promptOfLayer, _usesKernel = kernel };
        }
        var starts = tensor(Array.ConvertAll(promptLengths, n => (long)n), device: device).view(-1, 1);
        var positions = starts.add(arange(length, device: device)); // [batch, length]
        var turns = tables.index_select(1, positions.view(-1)).view(4, batch, 1, length, config.HeadDim).unbind(0);
        if (kernel)
            return new AttentionPlan(batch, length, reach, turns, null, null) { _promptOfLayer = promptOfLayer, _promptLengths = promptLengths, _usesKernel = true };
        var key = arange(reach, device: device).view(1, 1, -1);
        var padding = key.ge(starts.view(-1, 1, 1)).logical_and(key.lt(promptReach));                          // [batch, 1, reach]
        var future = key.sub(promptReach).gt(arange(length, device: device).view(1, -1, 1));                   // [1, length, reach]
        var mask = zeros([batch, length, reach], dtype: type, device: device).masked_fill_(padding.logical_or(future), double.NegativeInfinity);
        var scores = mask.view(batch, 1, 1, length, reach).expand(batch, config.NumKvHeads, config.NumHeads / config.NumKvHeads, length, reach);
        return new AttentionPlan(batch, length, reach, turns, scores.reshape(batch * config.NumKvHeads, -1, reach), null) { _promptOfLayer = promptOfLayer };
    }

    /// <summary>
    /// The context of the new tokens without a cache, [batch·length, heads·headDim], from their queries, keys and values, [batch, heads, length, headDim], by the kernel for CPUs; null where
    /// this is none for it.
    /// </summary>
    public Tensor? TryAttend(int layer, Tensor queries, Tensor keys, Tensor values)
    {
        if (!_usesKernel)
            return null;
        if (_promptLengths is null)
        {
            (keys, values) = Attended(layer, keys, values);
            return CausalAttention.Apply(queries, keys, values);
        }
        // Row by row, each behind its own prompt without what pads it.
        var (promptKeys, promptValues) = _promptOfLayer!(layer);
        var contexts = new Tensor[Batch];
        for (var row = 0; row < Batch; row++)
            contexts[row] = CausalAttention.Apply(queries.narrow(0, row, 1), Behind(promptKeys, keys, row), Behind(promptValues, values, row));
        return cat(contexts, 0);

        Tensor Behind(Tensor prompts, Tensor news, int row) => cat([prompts.narrow(0, row, 1).narrow(2, 0, _promptLengths[row]), news.narrow(0, row, 1)], 2);
    }

    /// <summary>Keeps a layer's new keys and values for whoever collects them.</summary>
    public void Collect(Tensor keys, Tensor values) => _collected?.Add((keys.DetachFromDisposeScope(), values.DetachFromDisposeScope()));

    /// <summary>Keys and values that are attended to without a cache, [batch, kvHeads, reach, headDim]: the new ones, behind those of a prompt if there is one.</summary>
    public (Tensor Keys, Tensor Values) Attended(int layer, Tensor keys, Tensor values)
    {
        if (_promptOfLayer is null)
            return (keys, values);
        var (promptKeys, promptValues) = _promptOfLayer(layer);
        return (cat([promptKeys, keys], 2), cat([promptValues, values], 2));
    }

    /// <summary>
    /// Every row continues at its own length in the cache; <paramref name="newLengths"/> of its columns are real. With <paramref name="adapted"/> an adapter lies over projections,
    /// whose outputs are then apart.
    /// </summary>
    public static AttentionPlan WithCache(DecoderConfig config, RotaryEmbedding rotary, KvCache cache, int length, int[] newLengths, bool adapted, ScalarType type, Device device)
    {
        var reach = cache.Reach(newLengths);
        var tables = rotary.Tables(cache.Lengths.Max() + length);
        if (adapted || config.QkNorm || !DecodeAttention.Supports(config.HeadDim, type, device))
            return WithOperators(config, cache, tables, reach, length, type, device);
        return new AttentionPlan(cache, length, reach, tables, newLengths, new DecodeAttention.Shape(config.NumHeads, config.NumKvHeads, config.HeadDim, cache.Capacity + 1));
    }

    private static AttentionPlan WithOperators(DecoderConfig config, KvCache cache, Tensor tables, int reach, int length, ScalarType type, Device device)
    {
        var first = cache.Lengths[0];
        var slots = SlotsOf(cache, length).ToDevice(device);
        if (cache.Lengths.All(n => n == first))
        {
            var span = tables.narrow(1, first, length).unbind(0);
            return new AttentionPlan(cache.Batch, length, reach, span, CausalMask(config, first, length, reach, type, device), null) { Cache = cache, Slots = slots };
        }

        var starts = cache.Lengths.ToDevice(device);
        return AtPositions(config, cache, tables, starts.view(-1, 1).add(arange(length, device: device)), slots, reach, type, device);
    }

    /// <summary>As <see cref="WithCache"/>, with the rows' lengths [batch] on the device and everything computed from them there.</summary>
    public static AttentionPlan FromDevice(DecoderConfig config, Tensor tables, KvCache cache, int length, Tensor lengths, int reach, ScalarType type, Device device)
    {
        // Columns of padding may lie behind the capacity; they go to the extra slot.
        var positions = lengths.view(-1, 1).add(arange(length, device: device)).clamp_max(cache.Capacity);
        var heads = arange((long)cache.Batch * cache.KvHeads, device: device).mul(cache.Capacity + 1L).view(cache.Batch, cache.KvHeads, 1);
        var slots = heads.add(positions.view(cache.Batch, 1, length)).view(-1);
        return AtPositions(config, cache, tables, positions, slots, reach, type, device);
    }

    /// <param name="config">The model's shape.</param>
    /// <param name="cache">The cache.</param>
    /// <param name="tables">Rotations, [4, positions, headDim].</param>
    /// <param name="positions">Of each new token, [batch, length].</param>
    /// <param name="slots">Where their keys and values go.</param>
    /// <param name="reach">Number of keys.</param>
    /// <param name="type">Of the arithmetic.</param>
    /// <param name="device">Where it is done.</param>
    private static AttentionPlan AtPositions(DecoderConfig config, KvCache cache, Tensor tables, Tensor positions, Tensor slots, int reach, ScalarType type, Device device)
    {
        var (batch, length) = (cache.Batch, (int)positions.size(1));
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
