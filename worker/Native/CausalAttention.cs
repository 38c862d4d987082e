using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Attention of whole sequences with gradients, float32 on the CPU: nothing is computed for keys that a query does not see, and nothing of [length, length] is kept for the way back, where
/// the weights are computed again from the logarithms of their sums.
/// </summary>
internal static unsafe class CausalAttention
{
    private const int Lanes = 16, Width = AttentionPanel.Width, Tile = Matmul.TileOutputs;

    // Queries whose weights are held at once on the way back, by keys.
    private const int BlockQueries = 8 * Width;

    [ThreadStatic]
    private static ThreadScratch? t_panels, t_weights;

    /// <summary>Whether the kernel computes in this type, on this device, with heads of this width, and over so many keys.</summary>
    public static bool Supports(ScalarType type, Device device, int headDim, int reach) =>
        Vector512.IsHardwareAccelerated && type == ScalarType.Float32 && device.type == DeviceType.CPU && headDim % Lanes == 0 && reach >= Tile;

    /// <summary>The context of every query, [batch·length, heads·headDim]. Query i sees keys 0..reach − length + i.</summary>
    /// <param name="queries">[batch, heads, length, headDim], scaled; of all three the elements of a head lie side by side.</param>
    /// <param name="keys">[batch, kvHeads, reach, headDim].</param>
    /// <param name="values">[batch, kvHeads, reach, headDim].</param>
    public static Tensor Apply(Tensor queries, Tensor keys, Tensor values)
    {
        if (is_grad_enabled())
            return WithGradients.apply(queries, keys, values);
        using var scope = NewDisposeScope();
        return Forward(queries, keys, values).Context.MoveToOuterDisposeScope();
    }

    private static (Tensor Context, Tensor LogSums) Forward(Tensor queries, Tensor keys, Tensor values)
    {
        var shape = new Shape(queries, keys);
        var context = empty([shape.Batch * shape.Length, shape.Heads * shape.Dim], dtype: ScalarType.Float32);
        var logSums = empty([shape.Batch * shape.Heads, shape.Panels * Width], dtype: ScalarType.Float32);
        var team = ThreadTeam.Shared;
        team.Run(new ForwardWork(team, shape, new Rows(queries), new Rows(keys), new Rows(values), Rows.OfTokens(context, shape), Matmul.Address(logSums)));
        return (context, logSums);
    }

    /// <summary>Sizes.</summary>
    private readonly record struct Shape(int Batch, int Heads, int KvHeads, int Length, int Reach, int Dim)
    {
        public Shape(Tensor queries, Tensor keys)
            : this((int)queries.size(0), (int)queries.size(1), (int)keys.size(1), (int)queries.size(2), (int)keys.size(2), (int)queries.size(3))
        {
        }

        /// <summary>Panels of a head's queries.</summary>
        public int Panels => (Length + Width - 1) / Width;

        /// <summary>Position of the first query among the keys.</summary>
        public int Start => Reach - Length;
    }

    /// <summary>Where the rows of every token and head lie, and how far apart they are.</summary>
    private readonly record struct Rows(nint Data, nint Batch, nint Head, nint Token)
    {
        /// <param name="x">[batch, heads, tokens, headDim].</param>
        public Rows(Tensor x) : this(Start(x), (nint)x.stride(0), (nint)x.stride(1), (nint)x.stride(2))
        {
        }

        /// <param name="x">[batch·length, heads·headDim], contiguous.</param>
        /// <param name="shape">Sizes.</param>
        public static Rows OfTokens(Tensor x, Shape shape) => new(Matmul.Address(x), (nint)shape.Length * shape.Heads * shape.Dim, shape.Dim, (nint)shape.Heads * shape.Dim);

        public float* At(int batch, int head, int token = 0) => (float*)Data + batch * Batch + head * Head + token * Token;

        private static nint Start(Tensor x)
        {
            using var first = x.as_strided([1], [1], x.storage_offset());
            return Matmul.Address(first);
        }
    }

    private readonly struct ForwardWork(ThreadTeam team, Shape shape, Rows queries, Rows keys, Rows values, Rows context, nint logSums) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, shape.Batch * shape.Heads * shape.Panels, 1);
            var panel = (float*)(t_panels ??= new ThreadScratch()).Floats((nuint)shape.Dim * Width);
            var scores = (float*)(t_weights ??= new ThreadScratch()).Floats((nuint)AttentionPanel.Rows(shape.Reach) * Width);
            for (var item = first; item < end; item++)
            {
                // The panels of one head differ in length, and so threads share out those of all.
                var (head, query) = (item / shape.Panels, item % shape.Panels * Width);
                var (batch, h, kv) = (head / shape.Heads, head % shape.Heads, head % shape.Heads / (shape.Heads / shape.KvHeads));
                var (position, count) = (shape.Start + query, Math.Min(Width, shape.Length - query));
                var reach = position + count;
                AttentionPanel.Pack(queries.At(batch, h, query), queries.Token, count, shape.Dim, panel);
                AttentionPanel.Scores(panel, keys.At(batch, kv), keys.Token, shape.Reach, reach, shape.Dim, scores);
                var normaliser = AttentionPanel.Softmax(scores, reach, position);
                AttentionPanel.Weigh(scores, reach, values.At(batch, kv), values.Token, shape.Dim, panel);
                AttentionPanel.Scale(panel, shape.Dim, Vector512<float>.One / normaliser.SumLow, Vector512<float>.One / normaliser.SumHigh);
                AttentionPanel.Unpack(panel, shape.Dim, context.At(batch, h, query), context.Token, count);
                var to = (float*)logSums + (nint)item * Width;
                Vector512.Store(normaliser.MostLow + Vector512.Log(normaliser.SumLow), to);
                Vector512.Store(normaliser.MostHigh + Vector512.Log(normaliser.SumHigh), to + Lanes);
            }
        }
    }

    /// <summary>
    /// One head at a time. With P the weights, o the contexts and d their gradients: dV = Pᵀ·d, dS = P∘(d·Vᵀ − rowsum(P∘(d·Vᵀ))), dQ = dS·K and dK = dSᵀ·Q. Heads that read the same
    /// keys leave their shares apart.
    /// </summary>
    private readonly struct BackwardWork(
        ThreadTeam team, Shape shape, Rows queries, Rows keys, Rows values, Rows gradient, nint logSums, Rows ofQueries, Rows ofKeys, Rows ofValues) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, shape.Batch * shape.Heads, 1);
            var block = Math.Min(BlockQueries, shape.Panels * Width);
            nuint panel = (nuint)shape.Dim * Width, rows = (nuint)AttentionPanel.Rows(shape.Reach), columns = (nuint)(block * (shape.Dim + Lanes));
            var panels = (float*)(t_panels ??= new ThreadScratch()).Floats(2 * panel + 2 * columns);
            var weights = (float*)(t_weights ??= new ThreadScratch()).Floats(2 * rows * Width + 2 * rows * (nuint)block);
            var memory = new Memory(panels, panels + panel, panels + 2 * panel, panels + 2 * panel + columns,
                weights, weights + rows * Width, weights + 2 * rows * Width, weights + 2 * rows * Width + rows * (nuint)block, block);
            for (var item = first; item < end; item++)
            {
                var (batch, head) = (item / shape.Heads, item % shape.Heads);
                for (var query = 0; query < shape.Length; query += block)
                    Block(batch, head, query, Math.Min(block, shape.Length - query), memory);
            }
        }

        /// <summary>What a thread works in.</summary>
        /// <param name="Queries">[dim, 32]; likewise <paramref name="Gradients"/>.</param>
        /// <param name="Gradients">Those of the contexts.</param>
        /// <param name="QueryColumns">The block's queries as panels of 32 channels, [queries, 32] each.</param>
        /// <param name="GradientColumns">The same of the contexts' gradients.</param>
        /// <param name="Scores">[reach + 12, 32]; likewise <paramref name="Changes"/>.</param>
        /// <param name="Changes">The gradients of the weights, then of the scores.</param>
        /// <param name="Weights">Those of the block, [reach + 12, stride].</param>
        /// <param name="ScoreGradients">The same of the scores' gradients.</param>
        /// <param name="Stride">Queries of a block.</param>
        private readonly record struct Memory(
            nint Queries, nint Gradients, nint QueryColumns, nint GradientColumns, nint Scores, nint Changes, nint Weights, nint ScoreGradients, int Stride)
        {
            public Memory(float* queries, float* gradients, float* queryColumns, float* gradientColumns, float* scores, float* changes, float* weights, float* scoreGradients, int stride)
                : this((nint)queries, (nint)gradients, (nint)queryColumns, (nint)gradientColumns, (nint)scores, (nint)changes, (nint)weights, (nint)scoreGradients, stride)
            {
            }
        }

        private void Block(int batch, int head, int query, int count, Memory memory)
        {
            var kv = head / (shape.Heads / shape.KvHeads);
            float* k = keys.At(batch, kv), v = values.At(batch, kv);
            float* q = (float*)memory.Queries, d = (float*)memory.Gradients, scores = (float*)memory.Scores, changes = (float*)memory.Changes;
            for (var column = 0; column < count; column += Width)
            {
                var some = Math.Min(Width, count - column);
                var position = shape.Start + query + column;
                var reach = position + some;
                AttentionPanel.Pack(queries.At(batch, head, query + column), queries.Token, some, shape.Dim, q);
                AttentionPanel.Pack(gradient.At(batch, head, query + column), gradient.Token, some, shape.Dim, d);
                AttentionPanel.Scores(q, k, keys.Token, shape.Reach, reach, shape.Dim, scores);
                AttentionPanel.Scores(d, v, values.Token, shape.Reach, reach, shape.Dim, changes);
                var sums = (float*)logSums + (((nint)batch * shape.Heads + head) * shape.Panels + (query + column) / Width) * Width;
                Differentiate(scores, changes, reach, position, some, sums, (float*)memory.Weights + column, (float*)memory.ScoreGradients + column, memory.Stride);
                AttentionPanel.Weigh(changes, reach, k, keys.Token, shape.Dim, q);
                AttentionPanel.Unpack(q, shape.Dim, ofQueries.At(batch, head, query + column), ofQueries.Token, some);
            }
            PackChannels(queries.At(batch, head, query), queries.Token, count, (float*)memory.QueryColumns);
            PackChannels(gradient.At(batch, head, query), gradient.Token, count, (float*)memory.GradientColumns);
            var seen = shape.Start + query + count;
            AddProducts((float*)memory.ScoreGradients, (float*)memory.QueryColumns, memory.Stride, shape.Start + query, count, seen, ofKeys.At(batch, head));
            AddProducts((float*)memory.Weights, (float*)memory.GradientColumns, memory.Stride, shape.Start + query, count, seen, ofValues.At(batch, head));
        }

        /// <summary>From scores to weights, and from the weights' gradients to those of the scores, which are also left in <paramref name="changes"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Differentiate(float* scores, float* changes, int reach, int position, int count, float* logSums, float* weights, float* scoreGradients, nint stride)
        {
            Vector512<int> lowLane = Vector512<int>.Indices, highLane = lowLane + Vector512.Create(Lanes);
            // Queries that there are not have weights of zero.
            var never = Vector512.Create(float.PositiveInfinity);
            var logLow = Vector512.ConditionalSelect(Vector512.LessThan(lowLane, Vector512.Create(count)).AsSingle(), Vector512.Load(logSums), never);
            var logHigh = Vector512.ConditionalSelect(Vector512.LessThan(highLane, Vector512.Create(count)).AsSingle(), Vector512.Load(logSums + Lanes), never);
            Vector512<float> sumLow = default, sumHigh = default;
            for (nint key = 0; key < reach; key++)
            {
                var at = key * Width;
                Vector512<float> low = Exponential.Of(Vector512.Load(scores + at) - logLow), high = Exponential.Of(Vector512.Load(scores + at + Lanes) - logHigh);
                if (key > position)
                {
                    var behind = Vector512.Create((int)key - position);
                    low = Vector512.ConditionalSelect(Vector512.LessThan(lowLane, behind).AsSingle(), Vector512<float>.Zero, low);
                    high = Vector512.ConditionalSelect(Vector512.LessThan(highLane, behind).AsSingle(), Vector512<float>.Zero, high);
                }
                Vector512.Store(low, weights + key * stride);
                Vector512.Store(high, weights + key * stride + Lanes);
                sumLow = Vector512.FusedMultiplyAdd(low, Vector512.Load(changes + at), sumLow);
                sumHigh = Vector512.FusedMultiplyAdd(high, Vector512.Load(changes + at + Lanes), sumHigh);
            }
            for (nint key = 0; key < reach; key++)
            {
                var at = key * Width;
                var low = Vector512.Load(weights + key * stride) * (Vector512.Load(changes + at) - sumLow);
                var high = Vector512.Load(weights + key * stride + Lanes) * (Vector512.Load(changes + at + Lanes) - sumHigh);
                Vector512.Store(low, changes + at);
                Vector512.Store(high, changes + at + Lanes);
                Vector512.Store(low, scoreGradients + key * stride);
                Vector512.Store(high, scoreGradients + key * stride + Lanes);
            }
            // A tile of keys that this panel's queries see in part reads so many more.
            for (nint key = reach; key < reach + Tile; key++)
                for (var lane = 0; lane < Width; lane += Lanes)
                {
                    Vector512.Store(Vector512<float>.Zero, weights + key * stride + lane);
                    Vector512.Store(Vector512<float>.Zero, scoreGradients + key * stride + lane);
                }
        }

        private void PackChannels(float* rows, nint stride, int count, float* to)
        {
            for (var channel = 0; channel < shape.Dim; channel += Width)
            {
                var channels = Math.Min(Width, shape.Dim - channel);
                Matmul.PackColumns(rows + channel, stride, channels, count, to + (nint)channel * count, Matmul.PanelWidth(channels));
            }
        }

        /// <summary>to[key] += Σ over queries of factor[key, query]·row[query], for the queries of a block that see the key.</summary>
        /// <param name="factors">[reach + 12, stride].</param>
        /// <param name="columns">The rows as panels of channels.</param>
        /// <param name="stride">Elements from key to key of the factors.</param>
        /// <param name="position">That of the block's first query.</param>
        /// <param name="count">Queries.</param>
        /// <param name="reach">Keys that one of them sees.</param>
        /// <param name="to">[reach, dim].</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        private void AddProducts(float* factors, float* columns, int stride, int position, int count, int reach, float* to)
        {
            var sums = stackalloc float[Tile * Width];
            for (var key = 0; key < reach; key += Tile)
            {
                var keysHere = Math.Min(Tile, reach - key);
                var from = Math.Max(0, (key - position) / Width * Width);
                for (var channel = 0; channel < shape.Dim; channel += Width)
                {
                    var channels = Math.Min(Width, shape.Dim - channel);
                    var width = Matmul.PanelWidth(channels);
                    var rows = columns + (nint)channel * count + from * width;
                    var tile = factors + (nint)key * stride + from;
                    if (width > Lanes)
                        Matmul.Tile12x2(rows, tile, stride, 1, sums, count - from, tile, 0);
                    else
                        Matmul.Tile12x1(rows, tile, stride, 1, sums, count - from, tile, 0);
                    for (var i = 0; i < keysHere; i++)
                        for (var lane = 0; lane < channels; lane += Lanes)
                        {
                            var at = to + ((nint)key + i) * shape.Dim + channel + lane;
                            Vector512.Store(Vector512.Load(at) + Vector512.Load(sums + i * width + lane), at);
                        }
                }
            }
        }
    }

    private sealed class WithGradients : autograd.SingleTensorFunction<WithGradients>
    {
        public override string Name => "CausalAttention";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            Tensor queries = (Tensor)vars[0], keys = (Tensor)vars[1], values = (Tensor)vars[2];
            var (context, logSums) = Forward(queries, keys, values);
            ctx.save_for_backward([queries, keys, values, logSums]);
            return context;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            var (queries, keys, values, logSums) = (saved[0], saved[1], saved[2], saved[3]);
            var gradient = grad_output.contiguous();
            var shape = new Shape(queries, keys);
            var ofQueries = empty([shape.Batch, shape.Length, shape.Heads, shape.Dim], dtype: ScalarType.Float32).transpose(1, 2);
            Tensor ofKeys = zeros([shape.Batch, shape.Heads, shape.Reach, shape.Dim], dtype: ScalarType.Float32), ofValues = zeros_like(ofKeys);
            var team = ThreadTeam.Shared;
            team.Run(new BackwardWork(team, shape, new Rows(queries), new Rows(keys), new Rows(values), Rows.OfTokens(gradient, shape), Matmul.Address(logSums), new Rows(ofQueries), new Rows(ofKeys), new Rows(ofValues)));
            return [ofQueries, ByKeyHead(ofKeys, shape), ByKeyHead(ofValues, shape)];
        }

        /// <summary>The sum over the heads that read the same keys.</summary>
        private static Tensor ByKeyHead(Tensor byHead, Shape shape) => shape.Heads == shape.KvHeads
            ? byHead
            : byHead.view(shape.Batch, shape.KvHeads, -1, shape.Reach, shape.Dim).sum([2L]);
    }
}
