using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Attention of 32 queries of one head, as the lanes of two vectors: the softmax runs along the keys without crossing lanes, and products are those of <see cref="Matmul"/>. Queries and
/// contexts are panels, [headDim, 32]; scores and weights are [keys, 32].
/// </summary>
internal static unsafe class AttentionPanel
{
    /// <summary>Queries of a panel.</summary>
    public const int Width = Matmul.PanelRows;

    private const int Lanes = 16, Tile = Matmul.TileOutputs;

    /// <summary>What the softmax of every query was made with: its largest score and the sum of its powers.</summary>
    public readonly record struct Normaliser(Vector512<float> MostLow, Vector512<float> MostHigh, Vector512<float> SumLow, Vector512<float> SumHigh);

    /// <summary>Rows of keys that the memory for scores must have.</summary>
    public static int Rows(int reach) => reach + Tile;

    /// <summary>The products of queries with keys 0..reach-1, or of anything with rows that lie as keys do; what is written beyond the reach is undefined.</summary>
    /// <param name="queries">[dim, 32].</param>
    /// <param name="keys">The first key.</param>
    /// <param name="stride">Elements from key to key.</param>
    /// <param name="readable">Keys that may be read, at least twelve.</param>
    /// <param name="reach">Keys that count.</param>
    /// <param name="dim">Width of a head.</param>
    /// <param name="scores">[reach + 12, 32].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(float* queries, float* keys, nint stride, int readable, int reach, int dim, float* scores)
    {
        for (var key = 0; key < reach; key += Tile)
        {
            var first = Math.Min(key, readable - Tile); // the last tile begins earlier where nothing more may be read; a key's scores come out the same twice
            Matmul.Tile12x2(queries, keys + first * stride, stride, 1, scores + (nint)first * Width, dim, keys, 0);
        }
    }

    /// <summary>Scores become exp(score − the query's largest); query i sees keys up to position + i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Normaliser Softmax(float* scores, int reach, int position)
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
        return new Normaliser(mostLow, mostHigh, sumLow, sumHigh);
    }

    /// <summary>The sums of values by weights, or of anything that lies as values do.</summary>
    /// <param name="weights">[reach, 32].</param>
    /// <param name="reach">Keys.</param>
    /// <param name="values">The first value.</param>
    /// <param name="stride">Elements from value to value.</param>
    /// <param name="dim">Width of a head, at least twelve.</param>
    /// <param name="contexts">[dim, 32].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weigh(float* weights, int reach, float* values, nint stride, int dim, float* contexts)
    {
        for (var channel = 0; channel < dim; channel += Tile)
        {
            var first = Math.Min(channel, dim - Tile);
            Matmul.Tile12x2(weights, values + first, 1, stride, contexts + first * Width, reach, values, 0);
        }
    }

    /// <summary>Scales every query's context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* contexts, int dim, Vector512<float> low, Vector512<float> high)
    {
        for (var channel = 0; channel < dim; channel++)
        {
            var at = contexts + channel * Width;
            Vector512.Store(Vector512.Load(at) * low, at);
            Vector512.Store(Vector512.Load(at + Lanes) * high, at + Lanes);
        }
    }

    /// <summary>Rows of some queries, or of what lies as they do, to a panel; queries that there are not become zero.</summary>
    public static void Pack(float* rows, nint stride, int count, int dim, float* panel) => Matmul.PackRows(rows, stride, count, dim, panel, Width);

    /// <summary>A panel to rows of some queries.</summary>
    public static void Unpack(float* panel, int dim, float* rows, nint stride, int count)
    {
        for (var lane = 0; lane < count; lane += Lanes)
            for (var channel = 0; channel < dim; channel += Lanes)
                Transposition.Add(panel + channel * Width + lane, Width, Math.Min(Lanes, count - lane), Lanes, rows + lane * stride + channel, stride, null, null);
    }
}
