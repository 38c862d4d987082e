using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    private const int TileRows = 4, DotOutputs = 6;

    private static void Add(float* bias, float* onto, float* target, int rows, int outputs, int start, int end)
    {
        for (var row = 0; row < rows; row++)
        {
            var at = target + (long)row * outputs;
            if (bias != null)
                for (var i = start; i < end; i++)
                    at[i] += bias[i];
            if (onto != null)
                for (var i = start; i < end; i++)
                    at[i] += onto[(long)row * outputs + i];
        }
    }

    /// <summary>Columns start..end-1 of the product. A tile's rows of W stay in the first-level cache while all rows of x pass by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* x, float* w, float* y, int rows, int inputs, int outputs, int start, int end)
    {
        var output = start;
        for (; output + DotOutputs <= end; output += DotOutputs)
        {
            var tile = w + (long)output * inputs;
            var row = 0;
            for (; row + TileRows <= rows; row += TileRows)
                Tile4(x + (long)row * inputs, tile, y + (long)row * outputs + output, inputs, outputs, fetchNext: row == 0);
            for (; row < rows; row++)
                Tile1(x + (long)row * inputs, tile, y + (long)row * outputs + output, inputs);
        }
        for (; output < end; output++)
            for (var row = 0; row < rows; row++)
                y[(long)row * outputs + output] = Dot(x + (long)row * inputs, w + (long)output * inputs, inputs);
    }

    /// <summary>Four rows of x by six rows of W: 24 sums, each of one vector, within the 32 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4(float* x, float* w, float* y, int inputs, int outputs, bool fetchNext)
    {
        float* x1 = x + inputs, x2 = x1 + inputs, x3 = x2 + inputs;
        float* w1 = w + inputs, w2 = w1 + inputs, w3 = w2 + inputs, w4 = w3 + inputs, w5 = w4 + inputs;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default, d4 = default, d5 = default;
        for (var k = 0; k < inputs; k += Lanes)
        {
            Vector512<float> p = Vector512.Load(x + k), q = Vector512.Load(x1 + k), r = Vector512.Load(x2 + k), s = Vector512.Load(x3 + k);
            if (fetchNext && Sse.IsSupported)
            {
                // The next tile lies right behind this one; its rows are too short for the CPU to see them coming.
                var next = w + DotOutputs * (inputs + k);
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + Lanes);
                Sse.Prefetch0(next + 2 * Lanes);
                Sse.Prefetch0(next + 3 * Lanes);
                Sse.Prefetch0(next + 4 * Lanes);
                Sse.Prefetch0(next + 5 * Lanes);
            }
            var v = Vector512.Load(w + k);
            a0 = Vector512.FusedMultiplyAdd(p, v, a0); b0 = Vector512.FusedMultiplyAdd(q, v, b0); c0 = Vector512.FusedMultiplyAdd(r, v, c0); d0 = Vector512.FusedMultiplyAdd(s, v, d0);
            v = Vector512.Load(w1 + k);
            a1 = Vector512.FusedMultiplyAdd(p, v, a1); b1 = Vector512.FusedMultiplyAdd(q, v, b1); c1 = Vector512.FusedMultiplyAdd(r, v, c1); d1 = Vector512.FusedMultiplyAdd(s, v, d1);
            v = Vector512.Load(w2 + k);
            a2 = Vector512.FusedMultiplyAdd(p, v, a2); b2 = Vector512.FusedMultiplyAdd(q, v, b2); c2 = Vector512.FusedMultiplyAdd(r, v, c2); d2 = Vector512.FusedMultiplyAdd(s, v, d2);
            v = Vector512.Load(w3 + k);
            a3 = Vector512.FusedMultiplyAdd(p, v, a3); b3 = Vector512.FusedMultiplyAdd(q, v, b3); c3 = Vector512.FusedMultiplyAdd(r, v, c3); d3 = Vector512.FusedMultiplyAdd(s, v, d3);
            v = Vector512.Load(w4 + k);
            a4 = Vector512.FusedMultiplyAdd(p, v, a4); b4 = Vector512.FusedMultiplyAdd(q, v, b4); c4 = Vector512.FusedMultiplyAdd(r, v, c4); d4 = Vector512.FusedMultiplyAdd(s, v, d4);
            v = Vector512.Load(w5 + k);
            a5 = Vector512.FusedMultiplyAdd(p, v, a5); b5 = Vector512.FusedMultiplyAdd(q, v, b5); c5 = Vector512.FusedMultiplyAdd(r, v, c5); d5 = Vector512.FusedMultiplyAdd(s, v, d5);
        }
        Store(y, a0, a1, a2, a3, a4, a5);
        Store(y + outputs, b0, b1, b2, b3, b4, b5);
        Store(y + 2L * outputs, c0, c1, c2, c3, c4, c5);
        Store(y + 3L * outputs, d0, d1, d2, d3, d4, d5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(float* x, float* w, float* y, int inputs)
    {
        float* w1 = w + inputs, w2 = w1 + inputs, w3 = w2 + inputs, w4 = w3 + inputs, w5 = w4 + inputs;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        for (var k = 0; k < inputs; k += Lanes)
        {
            var p = Vector512.Load(x + k);
            a0 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w + k), a0);
            a1 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w1 + k), a1);
            a2 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w2 + k), a2);
            a3 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w3 + k), a3);
            a4 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w4 + k), a4);
            a5 = Vector512.FusedMultiplyAdd(p, Vector512.Load(w5 + k), a5);
        }
        Store(y, a0, a1, a2, a3, a4, a5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Dot(float* x, float* w, int inputs)
    {
        Vector512<float> sum = default;
        for (var k = 0; k < inputs; k += Lanes)
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + k), Vector512.Load(w + k), sum);
        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, Vector512<float> v4, Vector512<float> v5)
    {
        y[0] = Vector512.Sum(v0);
        y[1] = Vector512.Sum(v1);
        y[2] = Vector512.Sum(v2);
        y[3] = Vector512.Sum(v3);
        y[4] = Vector512.Sum(v4);
        y[5] = Vector512.Sum(v5);
    }
}
