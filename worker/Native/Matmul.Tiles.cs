using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    internal const int PanelRows = 2 * Lanes, TileOutputs = 12;

    // The parameters of both: a panel of x, [depth, 16 or 32]; twelve rows of W, stride elements apart, whose elements are step apart; where the sums go, [12, 16 or 32];
    // and an address whose line is fetched with every input, aheadStep elements further each time.

    /// <summary>Two vectors of rows by twelve outputs: 24 sums within the 32 registers, and two products for every element of W that is fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Tile12x2(float* x, float* w, nint stride, nint step, float* sums, int depth, float* ahead, nint aheadStep)
    {
        float* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride, w4 = w3 + stride, w5 = w4 + stride;
        float* w6 = w5 + stride, w7 = w6 + stride, w8 = w7 + stride, w9 = w8 + stride, w10 = w9 + stride, w11 = w10 + stride;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default, b8 = default, b9 = default, b10 = default, b11 = default;
        for (nint k = 0, end = depth * step; k < end; k += step, x += 2 * Lanes, ahead += aheadStep)
        {
            Sse.Prefetch1(ahead);
            Vector512<float> p = Vector512.Load(x), q = Vector512.Load(x + Lanes);
            var v0 = Vector512.Create(w[k]);
            a0 = Vector512.FusedMultiplyAdd(p, v0, a0);
            b0 = Vector512.FusedMultiplyAdd(q, v0, b0);
            var v1 = Vector512.Create(w1[k]);
            a1 = Vector512.FusedMultiplyAdd(p, v1, a1);
            b1 = Vector512.FusedMultiplyAdd(q, v1, b1);
            var v2 = Vector512.Create(w2[k]);
            a2 = Vector512.FusedMultiplyAdd(p, v2, a2);
            b2 = Vector512.FusedMultiplyAdd(q, v2, b2);
            var v3 = Vector512.Create(w3[k]);
            a3 = Vector512.FusedMultiplyAdd(p, v3, a3);
            b3 = Vector512.FusedMultiplyAdd(q, v3, b3);
            var v4 = Vector512.Create(w4[k]);
            a4 = Vector512.FusedMultiplyAdd(p, v4, a4);
            b4 = Vector512.FusedMultiplyAdd(q, v4, b4);
            var v5 = Vector512.Create(w5[k]);
            a5 = Vector512.FusedMultiplyAdd(p, v5, a5);
            b5 = Vector512.FusedMultiplyAdd(q, v5, b5);
            var v6 = Vector512.Create(w6[k]);
            a6 = Vector512.FusedMultiplyAdd(p, v6, a6);
            b6 = Vector512.FusedMultiplyAdd(q, v6, b6);
            var v7 = Vector512.Create(w7[k]);
            a7 = Vector512.FusedMultiplyAdd(p, v7, a7);
            b7 = Vector512.FusedMultiplyAdd(q, v7, b7);
            var v8 = Vector512.Create(w8[k]);
            a8 = Vector512.FusedMultiplyAdd(p, v8, a8);
            b8 = Vector512.FusedMultiplyAdd(q, v8, b8);
            var v9 = Vector512.Create(w9[k]);
            a9 = Vector512.FusedMultiplyAdd(p, v9, a9);
            b9 = Vector512.FusedMultiplyAdd(q, v9, b9);
            var v10 = Vector512.Create(w10[k]);
            a10 = Vector512.FusedMultiplyAdd(p, v10, a10);
            b10 = Vector512.FusedMultiplyAdd(q, v10, b10);
            var v11 = Vector512.Create(w11[k]);
            a11 = Vector512.FusedMultiplyAdd(p, v11, a11);
            b11 = Vector512.FusedMultiplyAdd(q, v11, b11);
        }
        Vector512.Store(a0, sums);
        Vector512.Store(b0, sums + 1 * Lanes);
        Vector512.Store(a1, sums + 2 * Lanes);
        Vector512.Store(b1, sums + 3 * Lanes);
        Vector512.Store(a2, sums + 4 * Lanes);
        Vector512.Store(b2, sums + 5 * Lanes);
        Vector512.Store(a3, sums + 6 * Lanes);
        Vector512.Store(b3, sums + 7 * Lanes);
        Vector512.Store(a4, sums + 8 * Lanes);
        Vector512.Store(b4, sums + 9 * Lanes);
        Vector512.Store(a5, sums + 10 * Lanes);
        Vector512.Store(b5, sums + 11 * Lanes);
        Vector512.Store(a6, sums + 12 * Lanes);
        Vector512.Store(b6, sums + 13 * Lanes);
        Vector512.Store(a7, sums + 14 * Lanes);
        Vector512.Store(b7, sums + 15 * Lanes);
        Vector512.Store(a8, sums + 16 * Lanes);
        Vector512.Store(b8, sums + 17 * Lanes);
        Vector512.Store(a9, sums + 18 * Lanes);
        Vector512.Store(b9, sums + 19 * Lanes);
        Vector512.Store(a10, sums + 20 * Lanes);
        Vector512.Store(b10, sums + 21 * Lanes);
        Vector512.Store(a11, sums + 22 * Lanes);
        Vector512.Store(b11, sums + 23 * Lanes);
    }

    /// <summary>One vector of rows by twelve outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Tile12x1(float* x, float* w, nint stride, nint step, float* sums, int depth, float* ahead, nint aheadStep)
    {
        float* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride, w4 = w3 + stride, w5 = w4 + stride;
        float* w6 = w5 + stride, w7 = w6 + stride, w8 = w7 + stride, w9 = w8 + stride, w10 = w9 + stride, w11 = w10 + stride;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        for (nint k = 0, end = depth * step; k < end; k += step, x += Lanes, ahead += aheadStep)
        {
            Sse.Prefetch1(ahead);
            Vector512<float> p = Vector512.Load(x);
            a0 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w[k]), a0);
            a1 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w1[k]), a1);
            a2 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w2[k]), a2);
            a3 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w3[k]), a3);
            a4 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w4[k]), a4);
            a5 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w5[k]), a5);
            a6 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w6[k]), a6);
            a7 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w7[k]), a7);
            a8 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w8[k]), a8);
            a9 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w9[k]), a9);
            a10 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w10[k]), a10);
            a11 = Vector512.FusedMultiplyAdd(p, Vector512.Create(w11[k]), a11);
        }
        Vector512.Store(a0, sums);
        Vector512.Store(a1, sums + 1 * Lanes);
        Vector512.Store(a2, sums + 2 * Lanes);
        Vector512.Store(a3, sums + 3 * Lanes);
        Vector512.Store(a4, sums + 4 * Lanes);
        Vector512.Store(a5, sums + 5 * Lanes);
        Vector512.Store(a6, sums + 6 * Lanes);
        Vector512.Store(a7, sums + 7 * Lanes);
        Vector512.Store(a8, sums + 8 * Lanes);
        Vector512.Store(a9, sums + 9 * Lanes);
        Vector512.Store(a10, sums + 10 * Lanes);
        Vector512.Store(a11, sums + 11 * Lanes);
    }
}
