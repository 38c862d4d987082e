using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Attention of many new tokens per row over a cache: 32 queries at once, as the lanes of two vectors, so that the softmax runs along the keys without crossing lanes and both
/// products are those of <see cref="Matmul"/>. Keys behind the last query are never read.
/// </summary>
internal static unsafe class PanelAttention
{
    private const int Lanes = 16, Width = Matmul.PanelRows, Tile = Matmul.TileOutputs;

    [ThreadStatic]
    private static ThreadScratch? t_scratch;

    /// <summary>As <see cref="DecodeAttention.Attend"/>, into <paramref name="target"/>.</summary>
    public static void Attend(
        float* source, float* tables, int positions, float* keys, float* values, float* target, DecodeAttention.Shape shape, int[] starts, int[] counts, int length, int[]? from)
    {
        nint tokens = (nint)source, turns = (nint)tables, keyStore = (nint)keys, valueStore = (nint)values, into = (nint)target;
        var (dim, groups, width) = (shape.HeadDim, shape.Heads / shape.KvHeads, (shape.Heads + 2 * shape.KvHeads) * shape.HeadDim);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (first, end) = team.Share(part, starts.Length * shape.KvHeads, 1);
            for (var item = first; item < end; item++)
            {
                var (row, head) = Math.DivRem(item, shape.KvHeads);
                var store = (long)item * shape.Capacity * dim;
                for (var column = 0; column < counts[row]; column++)
                    DecodeAttention.Keep((float*)tokens + ((long)row * length + column) * width, (float*)turns, positions, (float*)keyStore + store, (float*)valueStore + store, shape, head, starts[row] + column);
            }
        });
        team.Run(part =>
        {
            var (first, end) = team.Share(part, starts.Length * shape.Heads, 1);
            for (var item = first; item < end; item++)
            {
                var (row, head) = Math.DivRem(item, shape.Heads);
                var store = ((long)row * shape.KvHeads + head / groups) * shape.Capacity * dim;
                for (var column = from?[row] ?? 0; column < counts[row]; column += Width)
                {
                    var token = (long)row * length + column;
                    Panel((float*)tokens + token * width + head * dim, width, (float*)turns, (long)positions * dim, (float*)keyStore + store, (float*)valueStore + store,
                        (float*)into + (token * shape.Heads + head) * dim, shape, starts[row] + column, Math.Min(Width, counts[row] - column));
                }
            }
        });
    }

    /// <summary>The context of up to 32 queries of one head at positions from <paramref name="position"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel(float* query, int width, float* turns, long table, float* keys, float* values, float* context, DecodeAttention.Shape shape, int position, int count)
    {
        var (dim, reach) = (shape.HeadDim, position + count);
        var queries = (float*)(t_scratch ??= new ThreadScratch()).Floats((nuint)(dim + Math.Max(dim, reach + Tile)) * Width);
        var scores = queries + dim * Width;
        var turned = scores; // whose time has not come yet, [32, dim]
        for (var i = 0; i < count; i++)
        {
            var turn = turns + (long)(position + i) * dim;
            DecodeAttention.Rotate(query + (long)i * width, turn, turn + table, turned + i * dim, dim);
        }
        new Span<float>(turned + count * dim, (Width - count) * dim).Clear();
        for (var lane = 0; lane < Width; lane += Lanes)
            for (var k = 0; k < dim; k += Lanes)
                Transposition.Copy(turned + lane * dim + k, dim, queries + k * Width + lane, Width);
        // The last tile begins earlier where the store ends; a key's scores come out the same twice. Those beyond the reach are left unused.
        for (var key = 0; key < reach; key += Tile)
        {
            var first = Math.Min(key, shape.Capacity - Tile);
            Matmul.Tile12x2(queries, keys + (long)first * dim, dim, 1, scores + (long)first * Width, dim, keys, 0);
        }
        var (low, high) = Softmax(scores, reach, position);
        var contexts = queries; // which are not needed any more, [dim, 32]
        for (var channel = 0; channel < dim; channel += Tile)
        {
            var first = Math.Min(channel, dim - Tile);
            Matmul.Tile12x2(scores, values + first, 1, dim, contexts + first * Width, reach, values, 0);
        }
        for (var channel = 0; channel < dim; channel++)
        {
            var at = contexts + channel * Width;
            Vector512.Store(Vector512.Load(at) * low, at);
            Vector512.Store(Vector512.Load(at + Lanes) * high, at + Lanes);
        }
        nint stride = shape.Heads * dim;
        for (var lane = 0; lane < count; lane += Lanes)
            for (var channel = 0; channel < dim; channel += Lanes)
                Transposition.Add(contexts + channel * Width + lane, Width, Math.Min(Lanes, count - lane), Lanes, context + lane * stride + channel, stride, null, null);
    }

    /// <summary>Scores become exp(score − the query's largest); a query sees keys up to its own position.</summary>
    /// <returns>The inverse of every query's sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (Vector512<float> Low, Vector512<float> High) Softmax(float* scores, int reach, int position)
    {
        Vector512<int> lowLane = Vector512<int>.Indices, highLane = lowLane + Vector512.Create(Lanes);
        var hidden = Vector512.Create(float.NegativeInfinity);
        Vector512<float> mostLow = hidden, mostHigh = hidden;
        for (var key = 0; key < reach; key++)
        {
            var at = scores + (long)key * Width;
            Vector512<float> low = Vector512.Load(at), high = Vector512.Load(at + Lanes);
            if (key > position)
            {
                var behind = Vector512.Create(key - position);
                low = Vector512.ConditionalSelect(Vector512.LessThan(lowLane, behind).AsSingle(), hidden, low);
                high = Vector512.ConditionalSelect(Vector512.LessThan(highLane, behind).AsSingle(), hidden, high);
                Vector512.Store(low, at);
                Vector512.Store(high, at + Lanes);
            }
            mostLow = Vector512.MaxNative(mostLow, low);
            mostHigh = Vector512.MaxNative(mostHigh, high);
        }
        Vector512<float> sumLow = default, sumHigh = default;
        for (var key = 0; key < reach; key++)
        {
            var at = scores + (long)key * Width;
            Vector512<float> low = Exponential.Of(Vector512.Load(at) - mostLow), high = Exponential.Of(Vector512.Load(at + Lanes) - mostHigh);
            Vector512.Store(low, at);
            Vector512.Store(high, at + Lanes);
            sumLow += low;
            sumHigh += high;
        }
        return (Vector512<float>.One / sumLow, Vector512<float>.One / sumHigh);
    }
}
