using System.Runtime.CompilerServices;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    // x is packed in blocks that stay in the second-level cache while all of W passes by once.
    private const int BlockElements = 64 << 10, MaxDepth = 1024;

    // Sums of so many outputs are gathered before they are turned around, three squares of sixteen. Before them is room for what a last tile that begins earlier repeats, behind them for as many again.
    private const int GroupOutputs = 4 * TileOutputs, PanelSums = (TileOutputs + GroupOutputs + TileOutputs + GroupOutputs) * PanelRows;

    [ThreadStatic]
    private static ThreadScratch? t_packed, t_sums;

    /// <summary>Some rows of x, along some of the inputs.</summary>
    private readonly record struct Block(int Rows, int Depth)
    {
        public int Panels => (Rows + PanelRows - 1) / PanelRows;
    }

    private static void MultiplyPanels(float* x, int rows, int inputs, float* w, float* y, int outputs, float* bias, float* onto)
    {
        var parts = (inputs + MaxDepth - 1) / MaxDepth;
        var depth = ((inputs + parts - 1) / parts + Lanes - 1) / Lanes * Lanes;
        var height = BlockRows(depth);
        var packed = PackedBlock(rows, height, depth);
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

    /// <summary>Rows of a block, in whole panels.</summary>
    private static int BlockRows(int depth) => Math.Max(1, BlockElements / depth / PanelRows) * PanelRows;

    /// <summary>Memory for a packed block.</summary>
    private static nint PackedBlock(int rows, int height, int depth) =>
        (t_packed ??= new ThreadScratch()).Floats((nuint)Math.Min(height, (rows + PanelRows - 1) / PanelRows * PanelRows) * (nuint)depth);

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
            for (var row = 0; row < width; row += Lanes)
            {
                var from = x + (long)(panel * PanelRows + row) * stride;
                var k = 0;
                if (row + Lanes <= rows)
                {
                    for (; k + Lanes <= block.Depth; k += Lanes)
                        Transposition.Copy(from + k, stride, to + (long)k * width + row, width);
                }
                for (; k < block.Depth; k++)
                    for (var i = 0; i < Lanes; i++)
                        to[(long)k * width + row + i] = row + i < rows ? from[(long)i * stride + k] : 0;
            }
        }
    }

    /// <summary>
    /// Outputs start..end-1 of the product of packed rows and W; start is a multiple of twelve, and so is end unless it is the last. Sums are gathered for some tiles, by panel, before they
    /// are turned around, so that this is done to squares of sixteen.
    /// </summary>
    private static void Multiply(float* packed, Block block, float* w, nint stride, float* y, nint outputs, float* bias, float* onto, int start, int end)
    {
        var sums = Sums(block);
        for (var output = start; output < end; output += GroupOutputs)
        {
            var columns = Math.Min(GroupOutputs, end - output);
            for (var column = 0; column < columns; column += TileOutputs)
            {
                // The last tile begins earlier instead of being narrower; an output's sums come out the same twice.
                var first = Math.Min(output + column, (int)outputs - TileOutputs);
                var tile = w + first * stride;
                AddTile(packed, block, tile, stride, tile + TileOutputs * stride, sums, first - output);
            }
            for (var row = 0; row < block.Rows; row += PanelRows)
            {
                var target = row * outputs + output;
                Write(SumsOf(sums, block, row, out var rows, out var width), width, rows, columns, y + target, outputs, bias == null ? null : bias + output, onto == null ? null : onto + target);
            }
        }
    }

    /// <summary>Memory for the sums of a group of outputs, by panel.</summary>
    private static float* Sums(Block block) => (float*)(t_sums ??= new ThreadScratch()).Floats((nuint)block.Panels * PanelSums);

    /// <summary>Where the sums of a panel's rows begin, so many rows and so many in memory.</summary>
    private static float* SumsOf(float* sums, Block block, int row, out int rows, out int width)
    {
        rows = Math.Min(PanelRows, block.Rows - row);
        width = PanelWidth(rows);
        return sums + row / PanelRows * PanelSums + TileOutputs * width;
    }

    /// <summary>The sums of twelve outputs, for all panels.</summary>
    /// <param name="packed">The panels.</param>
    /// <param name="block">Their rows and depth.</param>
    /// <param name="tile">Twelve rows of W.</param>
    /// <param name="stride">Elements from row to row of W.</param>
    /// <param name="next">The tile after it: its way from memory is long, so the first panel's product asks for it.</param>
    /// <param name="sums">The group's.</param>
    /// <param name="at">Which output of the group the first one is; down to -11.</param>
    private static void AddTile(float* packed, Block block, float* tile, nint stride, float* next, float* sums, int at)
    {
        for (var row = 0; row < block.Rows; row += PanelRows)
        {
            var to = SumsOf(sums, block, row, out _, out var width) + at * width;
            var panel = packed + (long)row * block.Depth;
            nint step = row == 0 ? Lanes : 0;
            if (width > Lanes)
                Tile12x2(panel, tile, stride, 1, to, block.Depth, next, step);
            else
                Tile12x1(panel, tile, stride, 1, to, block.Depth, next, step);
        }
    }

    /// <summary>Turns some outputs by up to 32 rows around into y.</summary>
    private static void Write(float* sums, int width, int rows, int columns, float* y, nint outputs, float* bias, float* onto)
    {
        for (var row = 0; row < rows; row += Lanes)
            for (var column = 0; column < columns; column += Lanes)
            {
                var at = row * outputs + column;
                Transposition.Add(sums + column * width + row, width, Math.Min(Lanes, rows - row), Math.Min(Lanes, columns - column), y + at, outputs,
                    bias == null ? null : bias + column, onto == null ? null : onto + at);
            }
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
