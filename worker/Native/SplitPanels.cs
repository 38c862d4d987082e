using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

/// <summary>
/// A panel: up to 32 rows of float32 values, each written as the sum of three bfloat16 values, its first eight bits, its next eight and its last eight, which loses nothing. It lies as
/// <see cref="MatrixUnits"/> read it: step by step of 32 values, and in each step the three parts of the first 16 rows and of the others. In a tile the values of a row follow one another;
/// turned, the rows of a pair of values do, as the right side of a product wants it.
/// </summary>
internal static unsafe class SplitPanels
{
    public const int Rows = 2 * MatrixUnits.TileRows, TileBytes = MatrixUnits.TileRows * MatrixUnits.TileDepth * sizeof(ushort), StepBytes = 3 * 2 * TileBytes;

    private const int Lanes = 16, Step = MatrixUnits.TileDepth, TileValues = TileBytes / sizeof(ushort), StepValues = StepBytes / sizeof(ushort), PartValues = 2 * TileValues;

    /// <summary>Where a tile of a part begins within its step, in bytes.</summary>
    public static int TileOffset(int part, int tile) => (2 * part + tile) * TileBytes;

    /// <summary>Steps that so many values take.</summary>
    public static int Steps(int depth) => (depth + Step - 1) / Step;

    /// <summary>Bytes of a panel.</summary>
    public static nint Bytes(int depth) => (nint)Steps(depth) * StepBytes;

    /// <summary>Writes the panel of a side's vectors from one on.</summary>
    public static void Write(Side side, int vector, int value, int depth, ushort* panel, bool turned)
    {
        var count = Math.Min(Rows, side.Count - vector);
        if (side.Down)
            FromColumns(side.At(vector, value), side.Stride, count, depth, panel, turned);
        else
            FromRows(side.At(vector, value), side.Stride, count, depth, panel, turned);
    }

    /// <summary>Writes a panel of a matrix whose rows are the panel's.</summary>
    /// <param name="source">The first row.</param>
    /// <param name="stride">Elements from row to row.</param>
    /// <param name="count">Rows that there are, 1 to 32; the others become zero.</param>
    /// <param name="depth">Values in each.</param>
    /// <param name="panel">Where it goes, at the start of a cache line.</param>
    /// <param name="turned">Whether pairs follow one another instead of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void FromRows(float* source, nint stride, int count, int depth, ushort* panel, bool turned)
    {
        var rest = stackalloc float[Step];
        for (var row = 0; row < Rows; row++)
        {
            var to = panel + row / MatrixUnits.TileRows * TileValues + row % MatrixUnits.TileRows * Step;
            var from = source + row * stride;
            var k = 0;
            if (row < count)
            {
                for (; k + Step <= depth; k += Step, to += StepValues)
                    Split(Vector512.Load(from + k), Vector512.Load(from + k + Lanes), to);
            }
            for (; k < depth; k += Step, to += StepValues)
            {
                for (var i = 0; i < Step; i++)
                    rest[i] = row < count && k + i < depth ? from[k + i] : 0;
                Split(Vector512.Load(rest), Vector512.Load(rest + Lanes), to);
            }
        }
        if (turned)
            Turn(panel, depth);
    }

    /// <summary>Writes a panel of a matrix whose columns are the panel's rows.</summary>
    /// <param name="source">The first value of the first column.</param>
    /// <param name="stride">Elements from value to value.</param>
    /// <param name="count">Columns that there are, 1 to 32; the others become zero.</param>
    /// <param name="depth">Values in each.</param>
    /// <param name="panel">Where it goes, at the start of a cache line.</param>
    /// <param name="turned">Whether pairs follow one another instead of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void FromColumns(float* source, nint stride, int count, int depth, ushort* panel, bool turned)
    {
        float* even = stackalloc float[Rows], odd = stackalloc float[Rows];
        for (var k = 0; k < Steps(depth) * Step; k += 2)
        {
            var to = panel + (nint)(k / Step) * StepValues + k % Step * MatrixUnits.TileRows;
            var from = source + k * stride;
            if (count == Rows && k + 2 <= depth)
            {
                SplitPairs(Vector512.Load(from), Vector512.Load(from + stride), to);
                SplitPairs(Vector512.Load(from + Lanes), Vector512.Load(from + stride + Lanes), to + TileValues);
                continue;
            }
            for (var i = 0; i < Rows; i++)
            {
                even[i] = i < count && k < depth ? from[i] : 0;
                odd[i] = i < count && k + 1 < depth ? from[stride + i] : 0;
            }
            SplitPairs(Vector512.Load(even), Vector512.Load(odd), to);
            SplitPairs(Vector512.Load(even + Lanes), Vector512.Load(odd + Lanes), to + TileValues);
        }
        if (!turned)
            Turn(panel, depth);
    }

    private static void Turn(ushort* panel, int depth)
    {
        for (var tile = panel; tile < panel + (nint)Steps(depth) * StepValues; tile += TileValues)
            Transposition.Copy((float*)tile, (float*)tile);
    }

    /// <summary>32 values of one row to its row in the tiles of the three parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector512<float> low, Vector512<float> high, ushort* to)
    {
        Vector512.Store(Firsts(low, high), to);
        (low, high) = (Remainder(low), Remainder(high));
        Vector512.Store(Firsts(low, high), to + PartValues);
        (low, high) = (Remainder(low), Remainder(high));
        Vector512.Store(Firsts(low, high), to + 2 * PartValues);
    }

    /// <summary>A value of each of 16 rows, and the next of each, as pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SplitPairs(Vector512<float> even, Vector512<float> odd, ushort* to)
    {
        Vector512.Store(Pairs(even, odd), to);
        (even, odd) = (Remainder(even), Remainder(odd));
        Vector512.Store(Pairs(even, odd), to + PartValues);
        (even, odd) = (Remainder(even), Remainder(odd));
        Vector512.Store(Pairs(even, odd), to + 2 * PartValues);
    }

    /// <summary>The first halves of 32 values, as bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Firsts(Vector512<float> low, Vector512<float> high) =>
        Avx512BW.PermuteVar32x16x2(low.AsUInt16(), Vector512.CreateSequence<ushort>(1, 2), high.AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Pairs(Vector512<float> even, Vector512<float> odd) =>
        (even.AsUInt32() >>> 16 | odd.AsUInt32() & Vector512.Create(0xFFFF0000u)).AsUInt16();

    /// <summary>What is left of values without their first halves; exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Remainder(Vector512<float> values) => values - (values.AsUInt32() & Vector512.Create(0xFFFF0000u)).AsSingle();
}
