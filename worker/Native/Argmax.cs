using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>The likeliest token of each row of logits.</summary>
internal static unsafe class Argmax
{
    private const int Lanes = 16;

    /// <summary>The index of each row's largest value, the first of equals: [rows], int64, where the logits lie.</summary>
    /// <param name="logits">[rows, vocabulary].</param>
    public static Tensor OfRows(Tensor logits)
    {
        if (!RowOperators.IsPlain(logits))
            return logits.argmax(-1);
        var (rows, count) = ((int)logits.size(0), (int)logits.size(1));
        var best = empty([rows], dtype: ScalarType.Int64);
        nint address = Matmul.Address(logits), target = Matmul.Address(best);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
                ((long*)target)[row] = OfRow((float*)address + (long)row * count, count);
        });
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int OfRow(float* values, int count)
    {
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a, c = a, d = a;
        var i = 0;
        for (; i + 4 * Lanes <= count; i += 4 * Lanes)
        {
            a = Vector512.MaxNative(a, Vector512.Load(values + i));
            b = Vector512.MaxNative(b, Vector512.Load(values + i + Lanes));
            c = Vector512.MaxNative(c, Vector512.Load(values + i + 2 * Lanes));
            d = Vector512.MaxNative(d, Vector512.Load(values + i + 3 * Lanes));
        }
        a = Vector512.MaxNative(Vector512.MaxNative(a, b), Vector512.MaxNative(c, d));
        var largest = Largest.Of(a);
        for (; i < count; i++)
            largest = MathF.Max(largest, values[i]);
        return Math.Max(0, new ReadOnlySpan<float>(values, count).IndexOf(largest)); // a row of NaN has no largest
    }
}
