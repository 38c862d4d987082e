using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

/// <summary>Blocks of sixteen rows of sixteen 32-bit values, turned to sixteen columns.</summary>
internal static unsafe class Transposition
{
    private const int Lanes = 16;

    /// <summary>A block whose rows follow one another to another such, bit by bit; both may be the same.</summary>
    public static void Copy(float* from, float* to) => Copy(from, Lanes, to, Lanes);

    /// <summary>The same where rows are further apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* from, nint fromStride, float* to, nint toStride)
    {
        Quad first = new(from, fromStride), second = new(from + 4 * fromStride, fromStride), third = new(from + 8 * fromStride, fromStride), fourth = new(from + 12 * fromStride, fromStride);
        Put(first.A, second.A, third.A, fourth.A, to, 4 * toStride);
        Put(first.B, second.B, third.B, fourth.B, to + toStride, 4 * toStride);
        Put(first.C, second.C, third.C, fourth.C, to + 2 * toStride, 4 * toStride);
        Put(first.D, second.D, third.D, fourth.D, to + 3 * toStride, 4 * toStride);
    }

    /// <summary>to[i, j] = from[j, i] + bias[j] + onto[i, j].</summary>
    /// <param name="from">The block's first element.</param>
    /// <param name="fromStride">Elements from row to row of from.</param>
    /// <param name="rows">Rows of to, at most sixteen.</param>
    /// <param name="columns">Values in each, at most sixteen.</param>
    /// <param name="to">Where the rows go.</param>
    /// <param name="stride">Elements from row to row of to and of onto.</param>
    /// <param name="bias">Null, or a value for each column.</param>
    /// <param name="onto">Null, or what is added; may be to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Add(float* from, nint fromStride, int rows, int columns, float* to, nint stride, float* bias, float* onto)
    {
        if (bias == null && onto == null && rows == Lanes && columns == Lanes)
        {
            Copy(from, fromStride, to, stride);
            return;
        }
        var turned = stackalloc float[Lanes * Lanes];
        Copy(from, fromStride, turned, Lanes);
        if (columns == Lanes)
        {
            var offsets = bias == null ? Vector512<float>.Zero : Vector512.Load(bias);
            for (var row = 0; row < rows; row++)
            {
                var sum = Vector512.Load(turned + row * Lanes) + offsets;
                Vector512.Store(onto == null ? sum : sum + Vector512.Load(onto + row * stride), to + row * stride);
            }
            return;
        }
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                to[row * stride + column] = turned[row * Lanes + column] + (bias == null ? 0 : bias[column]) + (onto == null ? 0 : onto[row * stride + column]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to, nint stride)
    {
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x88), cd = Avx512F.Shuffle4x128(c, d, 0x88), ef = Avx512F.Shuffle4x128(a, b, 0xDD), gh = Avx512F.Shuffle4x128(c, d, 0xDD);
        Vector512.Store(Avx512F.Shuffle4x128(ab, cd, 0x88), to);
        Vector512.Store(Avx512F.Shuffle4x128(ef, gh, 0x88), to + stride);
        Vector512.Store(Avx512F.Shuffle4x128(ab, cd, 0xDD), to + 2 * stride);
        Vector512.Store(Avx512F.Shuffle4x128(ef, gh, 0xDD), to + 3 * stride);
    }

    /// <summary>Four rows, partly turned: A holds their columns 0, 4, 8 and 12, B those after them, and so on.</summary>
    private readonly struct Quad
    {
        public readonly Vector512<float> A, B, C, D;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad(float* from, nint stride)
        {
            var (a, b, c, d) = (Vector512.Load(from), Vector512.Load(from + stride), Vector512.Load(from + 2 * stride), Vector512.Load(from + 3 * stride));
            Vector512<double> ab = Avx512F.UnpackLow(a, b).AsDouble(), cd = Avx512F.UnpackLow(c, d).AsDouble(), ef = Avx512F.UnpackHigh(a, b).AsDouble(), gh = Avx512F.UnpackHigh(c, d).AsDouble();
            A = Avx512F.UnpackLow(ab, cd).AsSingle();
            B = Avx512F.UnpackHigh(ab, cd).AsSingle();
            C = Avx512F.UnpackLow(ef, gh).AsSingle();
            D = Avx512F.UnpackHigh(ef, gh).AsSingle();
        }
    }
}
