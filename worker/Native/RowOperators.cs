using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>What a layer does between its matrix products, row by row in one pass over memory, float32 on the CPU without gradients. As operators it is three to five passes and calls.</summary>
internal static unsafe class RowOperators
{
    private const int Lanes = 16;

    // Less than this many elements are done before another thread has woken up.
    private const long WorthSharing = 1 << 15;

    /// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension, or null where these are none for this kernel.</summary>
    public static Tensor? TryNormalise(Tensor x, Tensor weight, float eps)
    {
        if (!Supports(x) || weight.dtype != ScalarType.Float32)
            return null;
        var size = (int)weight.size(0);
        var result = empty(x.shape, dtype: ScalarType.Float32);
        ForRows((int)(x.numel() / size), size, new Normalisation(Matmul.Address(x), Matmul.Address(weight), Matmul.Address(result), size, eps));
        return result;
    }

    /// <summary>silu(gate)·up, [tokens, n], of the two side by side, [tokens, 2·n], or null where these are none for this kernel.</summary>
    public static Tensor? TryGate(Tensor gateUp)
    {
        if (!Supports(gateUp))
            return null;
        var (rows, size) = ((int)gateUp.size(0), (int)gateUp.size(1) / 2);
        var result = empty([rows, size], dtype: ScalarType.Float32);
        var gate = Matmul.Address(gateUp);
        ForRows(rows, size, new Gating(gate, gate + size * sizeof(float), Matmul.Address(result), 2 * size, size));
        return result;
    }

    /// <summary>The same of two matrices.</summary>
    public static Tensor? TryGate(Tensor gate, Tensor up)
    {
        if (!Supports(gate) || !Supports(up))
            return null;
        var (rows, size) = ((int)gate.size(0), (int)gate.size(1));
        var result = empty([rows, size], dtype: ScalarType.Float32);
        ForRows(rows, size, new Gating(Matmul.Address(gate), Matmul.Address(up), Matmul.Address(result), size, size));
        return result;
    }

    private static bool Supports(Tensor x) =>
        Vector512.IsHardwareAccelerated && !is_grad_enabled() && x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && x.is_contiguous();

    private static void ForRows<TRow>(int rows, int size, TRow work) where TRow : struct, IRow
    {
        if ((long)rows * size >= WorthSharing)
        {
            var team = ThreadTeam.Shared;
            team.Run(new Rows<TRow>(team, rows, work));
            return;
        }
        for (var row = 0; row < rows; row++)
            work.Do(row);
    }

    private interface IRow
    {
        void Do(int row);
    }

    private readonly struct Rows<TRow>(ThreadTeam team, int rows, TRow work) : ThreadTeam.IWork where TRow : struct, IRow
    {
        public void Do(int part)
        {
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
                work.Do(row);
        }
    }

    private readonly struct Normalisation(nint source, nint factors, nint target, int size, float eps) : IRow
    {
        public void Do(int row) => Normalise((float*)source + (long)row * size, (float*)factors, (float*)target + (long)row * size, size, eps);
    }

    private readonly struct Gating(nint gate, nint up, nint target, int stride, int size) : IRow
    {
        public void Do(int row) => Gate((float*)gate + (long)row * stride, (float*)up + (long)row * stride, (float*)target + (long)row * size, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalise(float* x, float* weight, float* into, int size, float eps)
    {
        Vector512<float> squares = default;
        var i = 0;
        for (; i + Lanes <= size; i += Lanes)
        {
            var some = Vector512.Load(x + i);
            squares = Vector512.FusedMultiplyAdd(some, some, squares);
        }
        var sum = Vector512.Sum(squares);
        for (; i < size; i++)
            sum += x[i] * x[i];
        var inverse = 1 / MathF.Sqrt(sum / size + eps);
        for (i = 0; i + Lanes <= size; i += Lanes)
            Vector512.Store(Vector512.Load(x + i) * inverse * Vector512.Load(weight + i), into + i);
        for (; i < size; i++)
            into[i] = x[i] * inverse * weight[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gate(float* gate, float* up, float* into, int size)
    {
        var i = 0;
        for (; i + Lanes <= size; i += Lanes)
        {
            var x = Vector512.Load(gate + i);
            Vector512.Store(x / (Vector512<float>.One + Vector512.Exp(-x)) * Vector512.Load(up + i), into + i);
        }
        for (; i < size; i++)
            into[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }
}
