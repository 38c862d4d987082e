using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    // x is packed in blocks that stay in the second-level cache while all of W passes by once.
    private const int BlockElements = 128 << 10, MaxDepth = 1536;

    // Sums of so many outputs are gathered before they are turned around, three squares of sixteen. Before them is room for what a last tile that begins earlier repeats, behind them for as many again.
    private const int GroupOutputs = 4 * TileOutputs, PanelSums = (TileOutputs + GroupOutputs + TileOutputs + GroupOutputs) * PanelRows;

    [ThreadStatic]
    private static ThreadScratch? t_packed, t_tiles, t_sums;

    /// <summary>Some rows of x, along some of the inputs.</summary>
    private readonly record struct Block(int Rows, int Depth)
    {
        public int Panels => (Rows + PanelRows - 1) / PanelRows;
    }

    /// <summary>y[i, j] = Σ left_i·right_j + bias[j] + onto[i, j]. The side that is packed into panels is the one whose packing and whose sums need the least turning around.</summary>
    private static void MultiplyPanels(Side left, Side right, int inputs, float* y, float* bias, float* onto)
    {
        var turned = !right.Down; // the lanes of a sum are then rows of y, else columns
        var (panels, tiles) = turned ? (left, right) : (right, left);
        nint stride = right.Count, panelStep = turned ? stride : 1;
        var parts = (inputs + MaxDepth - 1) / MaxDepth;
        var depth = ((inputs + parts - 1) / parts + Lanes - 1) / Lanes * Lanes;
        var height = BlockRows(depth);
        var packed = PackedBlock(panels.Count, height, depth);
        var packedTiles = tiles.Down ? (t_tiles ??= new ThreadScratch()).Floats((nuint)((tiles.Count + TileOutputs - 1) / TileOutputs * TileOutputs) * (nuint)depth) : 0;
        var team = ThreadTeam.Shared;
        for (var input = 0; input < inputs; input += depth)
        {
            var some = Math.Min(depth, inputs - input);
            var w = tiles with { Data = (nint)tiles.At(0, input) };
            if (tiles.Down)
                team.Run(new TilePacking(team, w, some, packedTiles));
            for (var row = 0; row < panels.Count; row += height)
            {
                var block = new Block(Math.Min(height, panels.Count - row), some);
                var to = y + row * panelStep;
                // What is added comes with the first part of the inputs; later parts add to what is there.
                var target = new Target((nint)to, stride, input > 0 || bias == null ? 0 : (nint)(turned ? bias : bias + row), input > 0 ? (nint)to : onto == null ? 0 : (nint)(onto + row * panelStep), turned);
                team.Run(new Packing(team, panels with { Data = (nint)panels.At(row, input) }, block, packed));
                team.Run(new Products(team, packed, block, tiles.Down ? new Tiles(packedTiles, 1, TileOutputs, some) : new Tiles(w.Data, w.Stride, 1, some), target, tiles.Count));
            }
        }
    }

    /// <summary>Where the sums of a block go.</summary>
    /// <param name="Data">The sum of the first row of the panels and the first output of the tiles.</param>
    /// <param name="Stride">Elements from row to row of y.</param>
    /// <param name="Bias">0, or a value for each column of y.</param>
    /// <param name="Onto">0, or what is added.</param>
    /// <param name="Turned">Whether the panels' rows are rows of y, and the tiles' outputs its columns; else the other way round.</param>
    private readonly record struct Target(nint Data, nint Stride, nint Bias, nint Onto, bool Turned)
    {
        /// <summary>Takes the sums of some rows and outputs, [outputs, width].</summary>
        public void Take(float* sums, int width, int row, int rows, int output, int outputs)
        {
            var offset = Turned ? row * Stride + output : output * Stride + row;
            float* y = (float*)Data + offset, bias = Bias == 0 ? null : (float*)Bias + (Turned ? output : row), onto = Onto == 0 ? null : (float*)Onto + offset;
            if (Turned)
                Write(sums, width, rows, outputs, y, Stride, bias, onto);
            else
                WriteStraight(sums, width, rows, outputs, y, Stride, bias, onto);
        }
    }

    /// <summary>Where the elements of W lie for products of tiles: as they are, row by row, or packed by <see cref="PackTiles"/>.</summary>
    /// <param name="Data">The first element.</param>
    /// <param name="Stride">Elements from output to output.</param>
    /// <param name="Step">Elements from input to input.</param>
    /// <param name="Depth">Inputs.</param>
    private readonly record struct Tiles(nint Data, nint Stride, nint Step, int Depth)
    {
        /// <summary>A tile that begins with the given output, or with an earlier one if it is the last, since it is not narrower.</summary>
        public float* At(int output, int first) => (float*)Data + (Step == 1 ? first * Stride : (nint)output * Depth);
    }

    /// <summary>Rows of a block, in whole panels.</summary>
    private static int BlockRows(int depth) => Math.Max(1, BlockElements / depth / PanelRows) * PanelRows;

    /// <summary>Memory for a packed block.</summary>
    private static nint PackedBlock(int rows, int height, int depth) =>
        (t_packed ??= new ThreadScratch()).Floats((nuint)Math.Min(height, (rows + PanelRows - 1) / PanelRows * PanelRows) * (nuint)depth);

    internal static int PanelWidth(int rows) => rows > Lanes ? PanelRows : Lanes;

    /// <summary>Rows of x as panels of 32 rows, [inputs, 32] each, the last of 16 if it has no more; zero where there is no row.</summary>
    private static void Pack(Side x, Block block, float* into, int firstPanel, int endPanel)
    {
        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            var rows = Math.Min(PanelRows, block.Rows - panel * PanelRows);
            var to = into + (long)panel * PanelRows * block.Depth;
            if (x.Down)
                PackColumns(x.At(panel * PanelRows, 0), x.Stride, rows, block.Depth, to, PanelWidth(rows));
            else
                PackRows(x.At(panel * PanelRows, 0), x.Stride, rows, block.Depth, to, PanelWidth(rows));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackRows(float* x, nint stride, int rows, int depth, float* to, int width)
    {
        for (var row = 0; row < width; row += Lanes)
        {
            var from = x + row * stride;
            var k = 0;
            if (row + Lanes <= rows)
            {
                for (; k + Lanes <= depth; k += Lanes)
                    Transposition.Copy(from + k, stride, to + (long)k * width + row, width);
            }
            for (; k < depth; k++)
                for (var i = 0; i < Lanes; i++)
                    to[(long)k * width + row + i] = row + i < rows ? from[i * stride + k] : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackColumns(float* x, nint stride, int rows, int depth, float* to, int width)
    {
        for (var k = 0; k < depth; k++, x += stride, to += width)
        {
            var row = 0;
            for (; row + Lanes <= rows; row += Lanes)
                Vector512.Store(Vector512.Load(x + row), to + row);
            for (; row < width; row++)
                to[row] = row < rows ? x[row] : 0;
        }
    }

    /// <summary>Columns of W as tiles of twelve, [inputs, 12] each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTiles(Side w, int depth, float* tiles, int start, int end)
    {
        for (var output = start; output < end; output += TileOutputs)
        {
            var from = w.At(Math.Min(output, w.Count - TileOutputs), 0);
            var to = tiles + (nint)output * depth;
            for (var k = 0; k < depth; k++, from += w.Stride, to += TileOutputs)
            {
                Vector256.Store(Vector256.Load(from), to);
                Vector128.Store(Vector128.Load(from + 8), to + 8);
            }
        }
    }

    /// <summary>
    /// Outputs start..end-1 of the product of packed rows and W; start is a multiple of twelve, and so is end unless it is the last. Sums are gathered for some tiles, by panel, before they
    /// are turned around, so that this is done to squares of sixteen.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* packed, Block block, Tiles w, Target y, int outputs, int start, int end)
    {
        var sums = Sums(block);
        for (var output = start; output < end; output += GroupOutputs)
        {
            var columns = Math.Min(GroupOutputs, end - output);
            for (var column = 0; column < columns; column += TileOutputs)
            {
                // An output's sums come out the same twice where the last tile begins earlier.
                var first = Math.Min(output + column, outputs - TileOutputs);
                AddTile(packed, block, w.At(output + column, first), w.Stride, w.Step, w.At(output + column + TileOutputs, first + TileOutputs), sums, first - output);
            }
            for (var row = 0; row < block.Rows; row += PanelRows)
                y.Take(SumsOf(sums, block, row, out var rows, out var width), width, row, rows, output, columns);
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
    /// <param name="stride">Elements from row to row of W, or 1 with a step.</param>
    /// <param name="step">Elements from input to input.</param>
    /// <param name="next">The tile after it: its way from memory is long, so the first panel's product asks for it.</param>
    /// <param name="sums">The group's.</param>
    /// <param name="at">Which output of the group the first one is; down to -11.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTile(float* packed, Block block, float* tile, nint stride, nint step, float* next, float* sums, int at)
    {
        for (var row = 0; row < block.Rows; row += PanelRows)
        {
            var to = SumsOf(sums, block, row, out _, out var width) + at * width;
            var panel = packed + (long)row * block.Depth;
            nint nextStep = row == 0 ? Lanes : 0;
            if (width > Lanes)
                Tile12x2(panel, tile, stride, step, to, block.Depth, next, nextStep);
            else
                Tile12x1(panel, tile, stride, step, to, block.Depth, next, nextStep);
        }
    }

    /// <summary>Turns some outputs by up to 32 rows around into y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Some outputs by up to 32 rows to y as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteStraight(float* sums, int width, int rows, int outputs, float* y, nint stride, float* bias, float* onto)
    {
        for (var output = 0; output < outputs; output++, sums += width, y += stride, onto = onto == null ? null : onto + stride)
        {
            var row = 0;
            for (; row + Lanes <= rows; row += Lanes)
            {
                var sum = Vector512.Load(sums + row);
                if (bias != null)
                    sum += Vector512.Load(bias + row);
                Vector512.Store(onto == null ? sum : sum + Vector512.Load(onto + row), y + row);
            }
            for (; row < rows; row++)
                y[row] = sums[row] + (bias == null ? 0 : bias[row]) + (onto == null ? 0 : onto[row]);
        }
    }

    private readonly struct Packing(ThreadTeam team, Side x, Block block, nint packed) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, block.Panels, 1);
            Pack(x, block, (float*)packed, first, end);
        }
    }

    private readonly struct TilePacking(ThreadTeam team, Side w, int depth, nint tiles) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (start, end) = team.Share(part, w.Count, TileOutputs);
            PackTiles(w, depth, (float*)tiles, start, end);
        }
    }

    private readonly struct Products(ThreadTeam team, nint packed, Block block, Tiles w, Target y, int outputs) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, outputs, TileOutputs);
            Multiply((float*)packed, block, w, y, outputs, first, end);
        }
    }
}
