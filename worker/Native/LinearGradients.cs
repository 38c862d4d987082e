using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>Products of tensors by the kernels of <see cref="Matmul"/>, for training: linear layers with their gradients, and products with and without a transpose.</summary>
internal static unsafe class LinearGradients
{
    // Fewer rows leave most of a panel empty.
    private const int FewestRows = 24;

    /// <summary>x·Wᵀ + bias (+ onto), with gradients where they are on, or null where this is none for these kernels: then libtorch's operators are used.</summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out].</param>
    /// <param name="onto">[rows, out], added to the product.</param>
    public static Tensor? TryApply(Tensor x, Tensor weight, Tensor? bias = null, Tensor? onto = null)
    {
        if (!is_grad_enabled())
            return Matmul.TryLinear(x, weight, bias, onto);
        return Fits(x) && Fits(weight) && x.size(0) >= FewestRows && weight.size(0) >= Matmul.TileOutputs && onto?.is_contiguous() != false
            ? WithGradients.apply(x, weight, bias!, onto!)
            : null;
    }

    /// <summary>a·b, or null where this is none for these kernels.</summary>
    /// <param name="a">[rows, n].</param>
    /// <param name="b">[n, columns].</param>
    public static Tensor? TryMultiply(Tensor a, Tensor b)
    {
        if (!Fits(a) || !Fits(b) || a.size(0) < FewestRows || b.size(1) < Matmul.TileOutputs)
            return null;
        var product = empty([a.size(0), b.size(1)], dtype: ScalarType.Float32);
        Matmul.Multiply(Side.RowsOf(a), Side.ColumnsOf(b), (int)a.size(1), (float*)Matmul.Address(product), null, null);
        return product;
    }

    /// <summary>aᵀ·b, or null where this is none for these kernels.</summary>
    /// <param name="a">[n, rows].</param>
    /// <param name="b">[n, columns].</param>
    public static Tensor? TryMultiplyTransposed(Tensor a, Tensor b)
    {
        if (!FitTransposed(a, b))
            return null;
        var product = empty([a.size(1), b.size(1)], dtype: ScalarType.Float32);
        MultiplyTransposed(product, null, a, b);
        return product;
    }

    /// <summary>Adds aᵀ·b to a sum; false, and nothing done, where this is none for these kernels.</summary>
    /// <param name="sum">[rows, columns].</param>
    /// <param name="a">[n, rows].</param>
    /// <param name="b">[n, columns].</param>
    public static bool TryAddTransposed(Tensor sum, Tensor a, Tensor b)
    {
        if (!Fits(sum) || !FitTransposed(a, b))
            return false;
        MultiplyTransposed(sum, (float*)Matmul.Address(sum), a, b);
        return true;
    }

    private static void MultiplyTransposed(Tensor target, float* onto, Tensor a, Tensor b) =>
        Matmul.Multiply(Side.ColumnsOf(a), Side.ColumnsOf(b), (int)a.size(0), (float*)Matmul.Address(target), null, onto);

    private static bool FitTransposed(Tensor a, Tensor b) => Fits(a) && Fits(b) && a.size(1) >= FewestRows && b.size(1) >= Matmul.TileOutputs;

    private static bool Fits(Tensor tensor) => tensor.dim() == 2 && RowOperators.IsPlain(tensor);

    private sealed class WithGradients : autograd.SingleTensorFunction<WithGradients>
    {
        public override string Name => "Linear";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, weight) = ((Tensor)vars[0], (Tensor)vars[1]);
            ctx.save_data("bias", vars[2] is Tensor { requires_grad: true });
            ctx.save_data("onto", vars[3] is Tensor { requires_grad: true });
            ctx.save_data("x", x.requires_grad);
            ctx.save_for_backward(weight.requires_grad ? [weight, x] : [weight]);
            return Matmul.Linear(x, weight, vars[2] as Tensor, vars[3] as Tensor);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            var gradient = grad_output.contiguous();
            var ofX = (bool)ctx.get_data("x") ? TryMultiply(gradient, saved[0]) ?? gradient.mm(saved[0]) : null;
            var ofWeight = saved is [_, var x] ? TryMultiplyTransposed(gradient, x) ?? gradient.t().mm(x) : null;
            return [ofX!, ofWeight!, (bool)ctx.get_data("bias") ? gradient.sum([0L]) : null!, (bool)ctx.get_data("onto") ? grad_output : null!];
        }
    }
}
