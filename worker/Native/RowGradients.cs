using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// What a layer does between its matrix products, with gradients where they are on: forward and backward one pass over memory each, float32 on the CPU. As operators it is five to ten, and more is kept for
/// the way back.
/// </summary>
internal static unsafe class RowGradients
{
    private const int Lanes = 16;

    /// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension, or null where this is none for this kernel.</summary>
    public static Tensor? TryNormalise(Tensor x, Tensor weight, float eps) =>
        !is_grad_enabled() ? RowOperators.TryNormalise(x, weight, eps) : RowOperators.IsPlain(x) && RowOperators.IsPlain(weight) ? Norm.apply(x, weight, eps) : null;

    /// <summary>silu(gate)·up, all [tokens, n], or null where this is none for this kernel.</summary>
    public static Tensor? TryGate(Tensor gate, Tensor up) =>
        !is_grad_enabled() ? RowOperators.TryGate(gate, up) : RowOperators.IsPlain(gate) && RowOperators.IsPlain(up) ? Gate.apply(gate, up) : null;

    private sealed class Norm : autograd.SingleTensorFunction<Norm>
    {
        public override string Name => "RmsNorm";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, weight, eps) = ((Tensor)vars[0], (Tensor)vars[1], (float)vars[2]);
            ctx.save_for_backward([x, weight]);
            ctx.save_data("x", x.requires_grad);
            ctx.save_data("eps", eps);
            return RowOperators.TryNormalise(x, weight, eps)!;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var (x, weight) = (ctx.get_saved_variables()[0], ctx.get_saved_variables()[1]);
            var gradient = grad_output.contiguous();
            var size = (int)weight.size(0);
            var team = ThreadTeam.Shared;
            var ofX = (bool)ctx.get_data("x") ? empty(x.shape, dtype: ScalarType.Float32) : null;
            // Every thread has a sum of its own: the same number of threads adds in the same order.
            var ofWeight = weight.requires_grad ? zeros([team.Threads, size], dtype: ScalarType.Float32) : null;
            team.Run(new NormBackward(team, (int)(x.numel() / size), size, (float)ctx.get_data("eps"),
                Matmul.Address(x), Matmul.Address(weight), Matmul.Address(gradient), Matmul.Address(ofX), Matmul.Address(ofWeight)));
            return [ofX!, ofWeight?.sum([0L])!, null!];
        }
    }

    private sealed class Gate : autograd.SingleTensorFunction<Gate>
    {
        public override string Name => "SwiGlu";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (gate, up) = ((Tensor)vars[0], (Tensor)vars[1]);
            ctx.save_for_backward([gate, up]);
            return RowOperators.TryGate(gate, up)!;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var (gate, up) = (ctx.get_saved_variables()[0], ctx.get_saved_variables()[1]);
            var gradient = grad_output.contiguous();
            Tensor ofGate = empty(gate.shape, dtype: ScalarType.Float32), ofUp = empty(up.shape, dtype: ScalarType.Float32);
            var team = ThreadTeam.Shared;
            team.Run(new GateBackward(team, (int)gate.size(0), (int)gate.size(1),
                Matmul.Address(gate), Matmul.Address(up), Matmul.Address(gradient), Matmul.Address(ofGate), Matmul.Address(ofUp)));
            return [ofGate, ofUp];
        }
    }

    private readonly struct NormBackward(ThreadTeam team, int rows, int size, float eps, nint x, nint weight, nint gradient, nint ofX, nint ofWeight) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
            {
                var at = (nint)row * size;
                Normalised((float*)x + at, (float*)weight, (float*)gradient + at, ofX == 0 ? null : (float*)ofX + at, ofWeight == 0 ? null : (float*)ofWeight + part * size, size, eps);
            }
        }
    }

    private readonly struct GateBackward(ThreadTeam team, int rows, int size, nint gate, nint up, nint gradient, nint ofGate, nint ofUp) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (start, end) = team.Share(part, rows, 1);
            var at = (nint)start * size;
            Gated((float*)gate + at, (float*)up + at, (float*)gradient + at, (float*)ofGate + at, (float*)ofUp + at, (nint)(end - start) * size);
        }
    }

    /// <summary>One row: with r = 1/sqrt(mean(x²) + eps), dx = r·(w·dy) − x·r³·mean(w·dy·x) and dw += dy·x·r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalised(float* x, float* weight, float* gradient, float* ofX, float* ofWeight, int size, float eps)
    {
        Vector512<float> squares = default, products = default;
        var i = 0;
        for (; i + Lanes <= size; i += Lanes)
        {
            var some = Vector512.Load(x + i);
            squares = Vector512.FusedMultiplyAdd(some, some, squares);
            products = Vector512.FusedMultiplyAdd(some, Vector512.Load(gradient + i) * Vector512.Load(weight + i), products);
        }
        float square = Vector512.Sum(squares), product = Vector512.Sum(products);
        for (; i < size; i++)
        {
            square += x[i] * x[i];
            product += x[i] * gradient[i] * weight[i];
        }
        var inverse = 1 / MathF.Sqrt(square / size + eps);
        var share = inverse * inverse * inverse * product / size;
        for (i = 0; ofX != null && i + Lanes <= size; i += Lanes)
            Vector512.Store(Vector512.Load(gradient + i) * Vector512.Load(weight + i) * inverse - Vector512.Load(x + i) * share, ofX + i);
        for (; ofX != null && i < size; i++)
            ofX[i] = gradient[i] * weight[i] * inverse - x[i] * share;
        for (i = 0; ofWeight != null && i + Lanes <= size; i += Lanes)
            Vector512.Store(Vector512.FusedMultiplyAdd(Vector512.Load(gradient + i), Vector512.Load(x + i) * inverse, Vector512.Load(ofWeight + i)), ofWeight + i);
        for (; ofWeight != null && i < size; i++)
            ofWeight[i] += gradient[i] * x[i] * inverse;
    }

    /// <summary>With s = 1/(1 + e⁻ᵍ): dg = dy·u·s·(1 + g·(1 − s)) and du = dy·g·s.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gated(float* gate, float* up, float* gradient, float* ofGate, float* ofUp, nint count)
    {
        nint i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512<float> g = Vector512.Load(gate + i), dy = Vector512.Load(gradient + i);
            var s = Vector512<float>.One / (Vector512<float>.One + Exponential.Of(-g));
            Vector512.Store(dy * Vector512.Load(up + i) * s * (Vector512<float>.One + g * (Vector512<float>.One - s)), ofGate + i);
            Vector512.Store(dy * g * s, ofUp + i);
        }
        for (; i < count; i++)
        {
            var s = 1 / (1 + MathF.Exp(-gate[i]));
            ofGate[i] = gradient[i] * up[i] * s * (1 + gate[i] * (1 - s));
            ofUp[i] = gradient[i] * gate[i] * s;
        }
    }
}
