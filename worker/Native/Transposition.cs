using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

/// <summary>Blocks of sixteen rows of sixteen 32-bit values, turned to sixteen columns.</summary>
internal static unsafe class Transposition
{
    private const int Lanes = 16;

    /// <summary>Where the turned rows go.</summary>
    private interface IRows
    {
        void Put(int row, Vector512<float> values);
    }

    /// <summary>A block whose rows follow one another to another such, bit by bit; both may be the same.</summary>
    public static void Copy(float* from, float* to) => Turn(from, Lanes, new Block(to));

    /// <summary>to[i, j] = from[j, i] + bias[j] + onto[i, j].</summary>
    /// <param name="from">The block's first element.</param>
    /// <param name="fromStride">Elements from row to row of from.</param>
    /// <param name="rows">Rows of to, at most sixteen.</param>
    /// <param name="to">Rows of sixteen values.</param>
    /// <param name="stride">Elements from row to row of to and of onto.</param>
    /// <param name="bias">Null, or sixteen values.</param>
    /// <param name="onto">Null, or what is added; may be to.</param>
    public static void Add(float* from, nint fromStride, int rows, float* to, nint stride, float* bias, float* onto) =>
        Turn(from, fromStride, new Sum(rows, to, stride, bias == null ? Vector512<float>.Zero : Vector512.Load(bias), onto));

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Turn<TRows>(float* from, nint stride, TRows rows) where TRows : struct, IRows
    {
        var quads = stackalloc float[Lanes * Lanes];
        for (var i = 0; i < Lanes; i += 4, from += 4 * stride)
        {
            var (a, b, c, d) = (Vector512.Load(from), Vector512.Load(from + stride), Vector512.Load(from + 2 * stride), Vector512.Load(from + 3 * stride));
            Vector512<double> ab = Avx512F.UnpackLow(a, b).AsDouble(), cd = Avx512F.UnpackLow(c, d).AsDouble(), ef = Avx512F.UnpackHigh(a, b).AsDouble(), gh = Avx512F.UnpackHigh(c, d).AsDouble();
            Vector512.Store(Avx512F.UnpackLow(ab, cd).AsSingle(), quads + i * Lanes);
            Vector512.Store(Avx512F.UnpackHigh(ab, cd).AsSingle(), quads + (i + 1) * Lanes);
            Vector512.Store(Avx512F.UnpackLow(ef, gh).AsSingle(), quads + (i + 2) * Lanes);
            Vector512.Store(Avx512F.UnpackHigh(ef, gh).AsSingle(), quads + (i + 3) * Lanes);
        }
        // Row 4g + j of the quads holds columns j, j + 4, j + 8 and j + 12 of the rows 4g..4g + 3.
        for (var j = 0; j < 4; j++, quads += Lanes)
        {
            var (a, b, c, d) = (Vector512.Load(quads), Vector512.Load(quads + 4 * Lanes), Vector512.Load(quads + 8 * Lanes), Vector512.Load(quads + 12 * Lanes));
            Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x88), cd = Avx512F.Shuffle4x128(c, d, 0x88), ef = Avx512F.Shuffle4x128(a, b, 0xDD), gh = Avx512F.Shuffle4x128(c, d, 0xDD);
            rows.Put(j, Avx512F.Shuffle4x128(ab, cd, 0x88));
            rows.Put(j + 4, Avx512F.Shuffle4x128(ef, gh, 0x88));
            rows.Put(j + 8, Avx512F.Shuffle4x128(ab, cd, 0xDD));
            rows.Put(j + 12, Avx512F.Shuffle4x128(ef, gh, 0xDD));
        }
    }

    private readonly struct Block(float* to) : IRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(int row, Vector512<float> values) => Vector512.Store(values, to + row * Lanes);
    }

    private readonly struct Sum(int rows, float* to, nint stride, Vector512<float> bias, float* onto) : IRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(int row, Vector512<float> values)
        {
            if (row < rows)
                Vector512.Store(onto == null ? values + bias : values + bias + Vector512.Load(onto + row * stride), to + row * stride);
        }
    }
}
