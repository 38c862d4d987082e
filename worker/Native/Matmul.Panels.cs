using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    // x is packed in blocks that stay in the second-level cache while all of W passes by once.
    private const int BlockElements = 256 << 10, MaxDepth = 1024;

    [ThreadStatic]
    private static ThreadScratch? t_packed;

    /// <summary>Some rows of x, along some of the inputs.</summary>
    private readonly record struct Block(int Rows, int Depth)
    {
        public int Panels => (Rows + PanelRows - 1) / PanelRows;
    }

    private static void MultiplyPanels(float* x, int rows, int inputs, float* w, float* y, int outputs, float* bias, float* onto)
    {
        var parts = (inputs + MaxDepth - 1) / MaxDepth;
        var depth = ((inputs + parts - 1) / parts + Lanes - 1) / Lanes * Lanes;
        var height = Math.Max(1, BlockElements / depth / PanelRows) * PanelRows;
        var packed = (t_packed ??= new ThreadScratch()).Floats((nuint)Math.Min(height, (rows + PanelRows - 1) / PanelRows * PanelRows) * (nuint)depth);
        var team = ThreadTeam.Shared;
        for (var row = 0; row < rows; row += height)
            for (var input = 0; input < inputs; input += depth)
            {
                var block = new Block(Math.Min(height, rows - row), Math.Min(depth, inputs - input));
                nint from = (nint)(x + (long)row * inputs + input), matrix = (nint)(w + input), to = (nint)(y + (long)row * outputs);
                // What is added comes with the first part of the inputs; later parts add to what is there.
                nint offsets = input == 0 ? (nint)bias : 0, added = input > 0 ? to : onto == null ? 0 : (nint)(onto + (long)row * outputs);
                team.Run(new Packing(team, from, inputs, block, packed));
                team.Run(new Products(team, packed, block, matrix, inputs, to, outputs, offsets, added));
            }
    }

    private static int PanelWidth(int rows) => rows > Lanes ? PanelRows : Lanes;

    /// <summary>Rows of x as panels of 32 rows, [inputs, 32] each, the last of 16 if it has no more; zero where there is no row. Rows of x are stride elements apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* x, int stride, Block block, float* into, int firstPanel, int endPanel)
    {
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var rows = Math.Min(PanelRows, block.Rows - panel * PanelRows);
            var width = PanelWidth(rows);
            var to = into + (long)panel * PanelRows * block.Depth;
            for (var row = 0; row < width; row += 4)
            {
                var from = x + (long)(panel * PanelRows + row) * stride;
                var k = 0;
                if (row + 4 <= rows)
                {
                    for (; k + 4 <= block.Depth; k += 4)
                        Transpose(from + k, stride, to + (long)k * width + row, width);
                }
                for (; k < block.Depth; k++)
                    for (var i = 0; i < 4; i++)
                        to[(long)k * width + row + i] = row + i < rows ? from[(long)i * stride + k] : 0;
            }
        }
    }

    /// <summary>Outputs start..end-1 of the product of packed rows and W; start is a multiple of twelve, and so is end unless it is the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* packed, Block block, float* w, nint stride, float* y, nint outputs, float* bias, float* onto, int start, int end)
    {
        var sums = stackalloc float[TileOutputs * PanelRows];
        for (var output = start; output < end; output += TileOutputs)
        {
            // The last tile begins earlier instead of being narrower, and leaves out what the tile before it wrote.
            var first = Math.Min(output, (int)outputs - TileOutputs);
            var tile = w + first * stride;
            for (var row = 0; row < block.Rows; row += PanelRows)
            {
                var rows = Math.Min(PanelRows, block.Rows - row);
                var panel = packed + (long)row * block.Depth;
                // The next tile's way from memory is long, so the first panel's product asks for it.
                var ahead = row == 0 ? tile + TileOutputs * stride : tile;
                nint step = row == 0 ? Lanes : 0;
                if (rows > Lanes)
                    Tile12x2(panel, tile, stride, 1, sums, block.Depth, ahead, step);
                else
                    Tile12x1(panel, tile, stride, 1, sums, block.Depth, ahead, step);
                var target = row * outputs + first;
                Write(sums, PanelWidth(rows), rows, output - first, y + target, outputs, bias == null ? null : bias + first, onto == null ? null : onto + target);
            }
        }
    }

    /// <summary>Turns twelve outputs by up to 32 rows around into y, but for the outputs before <paramref name="skip"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Write(float* sums, int width, int rows, int skip, float* y, nint outputs, float* bias, float* onto)
    {
        var turned = stackalloc float[4 * TileOutputs];
        for (var row = 0; row < rows; row += 4)
        {
            Transpose(sums + row, width, turned, TileOutputs);
            Transpose(sums + 4 * width + row, width, turned + 4, TileOutputs);
            Transpose(sums + 8 * width + row, width, turned + 8, TileOutputs);
            var count = Math.Min(4, rows - row);
            for (var i = 0; i < count; i++)
            {
                var from = turned + i * TileOutputs;
                var at = (row + i) * outputs;
                if (skip > 0)
                {
                    for (var output = skip; output < TileOutputs; output++)
                        y[at + output] = from[output] + (bias != null ? bias[output] : 0) + (onto != null ? onto[at + output] : 0);
                    continue;
                }
                Vector256<float> low = Vector256.Load(from);
                Vector128<float> high = Vector128.Load(from + 8);
                if (bias != null)
                    (low, high) = (low + Vector256.Load(bias), high + Vector128.Load(bias + 8));
                if (onto != null)
                    (low, high) = (low + Vector256.Load(onto + at), high + Vector128.Load(onto + at + 8));
                Vector256.Store(low, y + at);
                Vector128.Store(high, y + at + 8);
            }
        }
    }

    /// <summary>Four rows of four to four columns of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromStride), c = Vector128.Load(from + 2 * fromStride), d = Vector128.Load(from + 3 * fromStride);
        Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d);
        Vector128<float> ef = Sse.UnpackHigh(a, b), gh = Sse.UnpackHigh(c, d);
        Vector128.Store(Sse.MoveLowToHigh(ab, cd), to);
        Vector128.Store(Sse.MoveHighToLow(cd, ab), to + toStride);
        Vector128.Store(Sse.MoveLowToHigh(ef, gh), to + 2 * toStride);
        Vector128.Store(Sse.MoveHighToLow(gh, ef), to + 3 * toStride);
    }

    private readonly struct Packing(ThreadTeam team, nint x, int stride, Block block, nint packed) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, block.Panels, 1);
            Pack((float*)x, stride, block, (float*)packed, first, end);
        }
    }

    private readonly struct Products(ThreadTeam team, nint packed, Block block, nint w, int stride, nint y, int outputs, nint bias, nint onto) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, outputs, TileOutputs);
            Multiply((float*)packed, block, (float*)w, stride, (float*)y, outputs, (float*)bias, (float*)onto, first, end);
        }
    }
}
