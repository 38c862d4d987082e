using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Attention of many new tokens per row over a cache, 32 queries at once (<see cref="AttentionPanel"/>). Keys behind the last query are never read.
/// </summary>
internal static unsafe class PanelAttention
{
    private const int Width = AttentionPanel.Width;

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
        var queries = (float*)(t_scratch ??= new ThreadScratch()).Floats((nuint)(dim + Math.Max(dim, AttentionPanel.Rows(reach))) * Width);
        var scores = queries + dim * Width;
        var turned = scores; // whose time has not come yet, [32, dim]
        for (var i = 0; i < count; i++)
        {
            var turn = turns + (long)(position + i) * dim;
            DecodeAttention.Rotate(query + (long)i * width, turn, turn + table, turned + i * dim, dim);
        }
        AttentionPanel.Pack(turned, dim, count, dim, queries);
        AttentionPanel.Scores(queries, keys, dim, shape.Capacity, reach, dim, scores);
        var normaliser = AttentionPanel.Softmax(scores, reach, position);
        var contexts = queries; // which are not needed any more
        AttentionPanel.Weigh(scores, reach, values, dim, dim, contexts);
        AttentionPanel.Scale(contexts, dim, Vector512<float>.One / normaliser.SumLow, Vector512<float>.One / normaliser.SumHigh);
        AttentionPanel.Unpack(contexts, dim, context, shape.Heads * dim, count);
    }
}
