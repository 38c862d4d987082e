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
        var (gate, size) = (Matmul.Address(gateUp), (int)gateUp.size(1) / 2);
        return Gated(gate, gate + size * sizeof(float), (int)gateUp.size(0), 2 * size, size);
    }

    /// <summary>The same of two matrices.</summary>
    public static Tensor? TryGate(Tensor gate, Tensor up) =>
        Supports(gate) && Supports(up) ? Gated(Matmul.Address(gate), Matmul.Address(up), (int)gate.size(0), (int)gate.size(1), (int)gate.size(1)) : null;

    /// <summary>Whether a tensor is one that the kernels for CPUs read: float32, contiguous, and vectors of sixteen to be had.</summary>
    internal static bool IsPlain(Tensor x) => Vector512.IsHardwareAccelerated && x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && x.is_contiguous();

    /// <summary>silu(gate)·up</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Gated(Vector512<float> gate, Vector512<float> up) => gate / (Vector512<float>.One + Exponential.Of(-gate)) * up;

    private static bool Supports(Tensor x) => !is_grad_enabled() && IsPlain(x);

    private static Tensor Gated(nint gate, nint up, int rows, int stride, int size)
    {
        var result = empty([rows, size], dtype: ScalarType.Float32);
        ForRows(rows, size, new Gating(gate, up, Matmul.Address(result), stride, size));
        return result;
    }

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
            Vector512.Store(Gated(Vector512.Load(gate + i), Vector512.Load(up + i)), into + i);
        for (; i < size; i++)
            into[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }
}
