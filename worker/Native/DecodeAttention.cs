using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Attention of new tokens over a cache, float32 on the CPU: rotates queries and keys, puts keys and values into the cache and attends, in one go.
/// As separate operators the same takes a dozen calls per layer, and a small matrix product for every row and head.
/// </summary>
internal static unsafe class DecodeAttention
{
    private const int Lanes = 16;

    // With more new tokens per row than this they are taken by panels of 32.
    private const int FewTokens = 16;

    /// <summary>What is computed on.</summary>
    /// <param name="Heads">Query heads.</param>
    /// <param name="KvHeads">Key and value heads.</param>
    /// <param name="HeadDim">Width of a head.</param>
    /// <param name="Capacity">Slots of a row in the stores, [batch, kvHeads, capacity, headDim].</param>
    public readonly record struct Shape(int Heads, int KvHeads, int HeadDim, int Capacity);

    public static bool Supports(int headDim, ScalarType type, Device device) =>
        Vector512.IsHardwareAccelerated && headDim % Lanes == 0 && type == ScalarType.Float32 && device.type == DeviceType.CPU && !is_grad_enabled();

    /// <summary>The context of every new token, [batch·length, heads·headDim].</summary>
    /// <param name="projected">Queries, keys and values side by side, [batch·length, (heads + 2·kvHeads)·headDim].</param>
    /// <param name="turns">[4, positions, headDim]: cosines and signed sines for queries and for keys.</param>
    /// <param name="keys">Store of the layer's keys; likewise <paramref name="values"/>.</param>
    /// <param name="values">Store of the layer's values.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="starts">Tokens that each row holds already.</param>
    /// <param name="counts">Real new tokens of each row, at most length; the context of the others is zero.</param>
    /// <param name="length">New tokens per row, padding included.</param>
    /// <param name="from">The first new token of each row whose context is asked for, null for all; that of those before it is zero.</param>
    public static Tensor Attend(Tensor projected, Tensor turns, Tensor keys, Tensor values, Shape shape, int[] starts, int[] counts, int length, int[]? from = null)
    {
        long[] size = [(long)starts.Length * length, shape.Heads * shape.HeadDim];
        var result = from is null && AllEqual(counts, length) ? empty(size, dtype: ScalarType.Float32) : zeros(size, dtype: ScalarType.Float32);
        float* source = (float*)Matmul.Address(projected), tables = (float*)Matmul.Address(turns), target = (float*)Matmul.Address(result);
        float* keyStore = (float*)Matmul.Address(keys), valueStore = (float*)Matmul.Address(values);
        var positions = (int)turns.size(1);
        if (length > FewTokens && shape.Capacity >= Matmul.TileOutputs)
            PanelAttention.Attend(source, tables, positions, keyStore, valueStore, target, shape, starts, counts, length, from);
        else
        {
            var team = ThreadTeam.Shared;
            team.Run(new FewTokensWork(team, source, tables, positions, keyStore, valueStore, target, shape, starts, counts, length, from));
        }
        return result;
    }

    private static bool AllEqual(int[] counts, int length)
    {
        foreach (var count in counts)
            if (count != length)
                return false;
        return true;
    }

    /// <summary>Attention of a few new tokens per row, by key heads.</summary>
    private readonly struct FewTokensWork(
        ThreadTeam team, float* source, float* tables, int positions, float* keyStore, float* valueStore, float* target, Shape shape, int[] starts, int[] counts, int length, int[]? from)
        : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var longest = 0;
            for (var row = 0; row < starts.Length; row++)
                longest = Math.Max(longest, starts[row] + counts[row]);
            var scores = stackalloc float[longest + Lanes];
            var query = stackalloc float[shape.HeadDim];
            var (first, end) = team.Share(part, starts.Length * shape.KvHeads, 1);
            for (var item = first; item < end; item++)
            {
                var (row, head) = Math.DivRem(item, shape.KvHeads);
                var head0 = ((long)row * shape.KvHeads + head) * shape.Capacity * shape.HeadDim;
                for (var column = 0; column < counts[row]; column++)
                {
                    var token = (long)row * length + column;
                    One(source + token * (shape.Heads + 2 * shape.KvHeads) * shape.HeadDim, tables, positions, keyStore + head0, valueStore + head0,
                        from is null || column >= from[row] ? target + token * shape.Heads * shape.HeadDim : null, shape, head, starts[row] + column, query, scores);
                }
            }
        }
    }

    /// <summary>One key head of one token at one position: stores key and value, and attends with all query heads that read them, unless there is no place for their context.</summary>
    private static void One(float* token, float* turns, int positions, float* keys, float* values, float* context, Shape shape, int head, int position, float* query, float* scores)
    {
        var dim = shape.HeadDim;
        var table = (long)positions * dim;
        var turn = turns + (long)position * dim;
        Keep(token, turns, positions, keys, values, shape, head, position);
        if (context == null)
            return;
        var (groups, reach) = (shape.Heads / shape.KvHeads, position + 1);
        for (var group = head * groups; group < (head + 1) * groups; group++)
        {
            Rotate(token + group * dim, turn, turn + table, query, dim);
            var most = Scores(query, keys, scores, reach, dim);
            Weigh(scores, values, context + group * dim, reach, dim, Exponentials(scores, reach, most));
        }
    }

    /// <summary>Puts a token's rotated key and its value into the stores of one key head.</summary>
    internal static void Keep(float* token, float* turns, int positions, float* keys, float* values, Shape shape, int head, int position)
    {
        var dim = shape.HeadDim;
        var table = (long)positions * dim;
        var turn = turns + (long)position * dim;
        Rotate(token + (shape.Heads + head) * dim, turn + 2 * table, turn + 3 * table, keys + (long)position * dim, dim);
        Buffer.MemoryCopy(token + (shape.Heads + shape.KvHeads + head) * dim, values + (long)position * dim, dim * sizeof(float), dim * sizeof(float));
    }

    /// <summary>x·cos + (the other half of x)·sin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rotate(float* x, float* cos, float* sin, float* into, int dim)
    {
        var half = dim / 2; // a multiple of eight
        for (var i = 0; i < half; i += Vector256<float>.Count)
        {
            Vector256<float> low = Vector256.Load(x + i), high = Vector256.Load(x + i + half);
            Vector256.Store(Vector256.FusedMultiplyAdd(high, Vector256.Load(sin + i), low * Vector256.Load(cos + i)), into + i);
            Vector256.Store(Vector256.FusedMultiplyAdd(low, Vector256.Load(sin + i + half), high * Vector256.Load(cos + i + half)), into + i + half);
        }
    }

    /// <returns>The largest.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Scores(float* query, float* keys, float* scores, int reach, int dim)
    {
        var most = float.NegativeInfinity;
        for (var key = 0; key < reach; key++, keys += dim)
        {
            Vector512<float> sum = default;
            for (var i = 0; i < dim; i += Lanes)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(query + i), Vector512.Load(keys + i), sum);
            most = Math.Max(most, scores[key] = Vector512.Sum(sum));
        }
        return most;
    }

    /// <summary>exp(score − most) in place; what lies beyond the reach, up to a whole vector, becomes 0.</summary>
    /// <returns>Their sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials(float* scores, int reach, float most)
    {
        for (var i = reach; i % Lanes != 0; i++)
            scores[i] = float.NegativeInfinity;
        Vector512<float> sum = default;
        for (var i = 0; i < reach; i += Lanes)
        {
            var power = Exponential.Of(Vector512.Load(scores + i) - Vector512.Create(most));
            Vector512.Store(power, scores + i);
            sum += power;
        }
        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(float* weights, float* values, float* into, int reach, int dim, float sum)
    {
        var scale = Vector512.Create(1 / sum);
        var channel = 0;
        for (; channel + 4 * Lanes <= dim; channel += 4 * Lanes)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            var value = values + channel;
            for (var key = 0; key < reach; key++, value += dim)
            {
                var weight = Vector512.Create(weights[key]);
                a = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value), a);
                b = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + Lanes), b);
                c = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + 2 * Lanes), c);
                d = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + 3 * Lanes), d);
            }
            Vector512.Store(a * scale, into + channel);
            Vector512.Store(b * scale, into + channel + Lanes);
            Vector512.Store(c * scale, into + channel + 2 * Lanes);
            Vector512.Store(d * scale, into + channel + 3 * Lanes);
        }
        for (; channel < dim; channel += Lanes)
        {
            Vector512<float> sumOf = default;
            var value = values + channel;
            for (var key = 0; key < reach; key++, value += dim)
                sumOf = Vector512.FusedMultiplyAdd(Vector512.Create(weights[key]), Vector512.Load(value), sumOf);
            Vector512.Store(sumOf * scale, into + channel);
        }
    }
}
