using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class SkinnyMatmul
{
    private const int TurnedOutputs = 12;

    [ThreadStatic]
    private static Scratch? t_turned;

    /// <summary>Memory of a thread that is kept from call to call.</summary>
    private sealed class Scratch
    {
        private nuint _bytes;

        public nint Address { get; private set; }

        public Scratch Of(nuint bytes)
        {
            if (bytes > _bytes)
            {
                NativeMemory.AlignedFree((void*)Address);
                Address = (nint)NativeMemory.AlignedAlloc(bytes, 64);
                _bytes = bytes;
            }
            return this;
        }

        ~Scratch() => NativeMemory.AlignedFree((void*)Address);
    }

    /// <summary>x as [in, 16 or 32]: one or two vectors for each input, zero where there is no row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Scratch Turn(float* x, int rows, int inputs)
    {
        var width = Width(rows);
        var scratch = (t_turned ??= new Scratch()).Of((nuint)(width * inputs) * sizeof(float));
        var into = (float*)scratch.Address;
        for (var row = 0; row < width; row++)
        {
            var from = x + (long)row * inputs;
            if (row < rows)
                for (var k = 0; k < inputs; k++)
                    into[k * width + row] = from[k];
            else
                for (var k = 0; k < inputs; k++)
                    into[k * width + row] = 0;
        }
        return scratch;
    }

    private static int Width(int rows) => rows > Lanes ? 2 * Lanes : Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTurned(float* turned, float* w, float* y, int rows, int inputs, int outputs, int start, int end)
    {
        var width = Width(rows);
        var sums = stackalloc float[TurnedOutputs * 2 * Lanes];
        for (var output = start; output < end; output += TurnedOutputs)
        {
            // The last tile of a matrix begins earlier instead of being narrower, and leaves out what the tile before it wrote.
            var first = Math.Max(0, Math.Min(output, outputs - TurnedOutputs));
            if (outputs < TurnedOutputs)
            {
                Narrow(turned, w, y, rows, width, inputs, outputs);
                return;
            }
            if (width == Lanes)
                Tile12x1(turned, w + (long)first * inputs, sums, inputs);
            else
                Tile12x2(turned, w + (long)first * inputs, sums, inputs);
            for (var row = 0; row < rows; row++)
            {
                var to = y + (long)row * outputs + first;
                for (var i = output - first; i < TurnedOutputs; i++)
                    to[i] = sums[i * width + row];
            }
        }
    }

    /// <summary>Fewer outputs than a tile has.</summary>
    private static void Narrow(float* turned, float* w, float* y, int rows, int width, int inputs, int outputs)
    {
        for (var output = 0; output < outputs; output++)
            for (var row = 0; row < rows; row++)
            {
                float sum = 0;
                for (var k = 0; k < inputs; k++)
                    sum = MathF.FusedMultiplyAdd(turned[k * width + row], w[(long)output * inputs + k], sum);
                y[(long)row * outputs + output] = sum;
            }
    }

    /// <summary>Two vectors of rows by twelve outputs: 24 sums within the 32 registers, and two products for every element of W that is fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12x2(float* x, float* w, float* sums, int inputs)
    {
        float* w1 = w + inputs, w2 = w1 + inputs, w3 = w2 + inputs, w4 = w3 + inputs, w5 = w4 + inputs;
        float* w6 = w5 + inputs, w7 = w6 + inputs, w8 = w7 + inputs, w9 = w8 + inputs, w10 = w9 + inputs, w11 = w10 + inputs;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default, b8 = default, b9 = default, b10 = default, b11 = default;
        for (var k = 0; k < inputs; k++, x += 2 * Lanes)
        {
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12x1(float* x, float* w, float* sums, int inputs)
    {
        float* w1 = w + inputs, w2 = w1 + inputs, w3 = w2 + inputs, w4 = w3 + inputs, w5 = w4 + inputs;
        float* w6 = w5 + inputs, w7 = w6 + inputs, w8 = w7 + inputs, w9 = w8 + inputs, w10 = w9 + inputs, w11 = w10 + inputs;
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        for (var k = 0; k < inputs; k++, x += Lanes)
        {
            var p = Vector512.Load(x);
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
