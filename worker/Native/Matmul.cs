using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// x·Wᵀ for as many rows of x as decoding, a block or a prompt has, float32 on the CPU. A BLAS copies W into a layout of its own first, which costs more than the product itself
/// for a few rows and a good part of it for some hundred; this reads W once, as it lies. Up to <see cref="DotRows"/> rows are products of vectors along the inputs
/// (Matmul.Dots.cs); more are packed, so that a vector holds an input of 16 rows at once (Matmul.Panels.cs). Where the CPU has matrix units, they take products of
/// <see cref="SplitRows"/> rows and more (<see cref="SplitProduct"/>).
/// </summary>
internal static unsafe partial class Matmul
{
    /// <summary>With more rows than this a BLAS is as fast as vectors are.</summary>
    public const int MaxRows = 512;

    /// <summary>From so many rows on the matrix units are faster than vectors.</summary>
    public const int SplitRows = 48;

    private const int DotRows = 8, Lanes = 16;

    /// <summary>x·Wᵀ + bias (+ onto), or null where this product is none for this kernel.</summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out].</param>
    /// <param name="onto">[rows, out], added to the product.</param>
    public static Tensor? TryLinear(Tensor x, Tensor weight, Tensor? bias = null, Tensor? onto = null)
    {
        if (!Fits(x, weight) || onto?.is_contiguous() == false)
            return null;
        var (rows, inputs) = (x.size(0), weight.size(1));
        return Splits(rows) || rows <= MaxRows && inputs % Lanes == 0 ? Linear(x, weight, bias, onto) : null;
    }

    /// <summary>The same for any number of rows, of contiguous float32 on a CPU with wide vectors; fewer than <see cref="TileOutputs"/> outputs have inputs in whole vectors.</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null, Tensor? onto = null)
    {
        var (rows, outputs, inputs) = ((int)x.size(0), (int)weight.size(0), (int)weight.size(1));
        var result = empty([rows, outputs], dtype: ScalarType.Float32);
        nint offsets = Address(bias), added = Address(onto), target = Address(result);
        if ((rows <= DotRows || outputs < TileOutputs) && inputs % Lanes == 0 && !Splits(rows))
        {
            var team = ThreadTeam.Shared;
            team.Run(new Dots(team, Address(x), Address(weight), target, offsets, added, rows, inputs, outputs));
        }
        else
            Multiply(Side.RowsOf(x), Side.RowsOf(weight), inputs, (float*)target, (float*)offsets, (float*)added);
        return result;
    }

    /// <summary>y[i, j] = Σ left_i·right_j + bias[j] + onto[i, j].</summary>
    /// <param name="left">At least one vector.</param>
    /// <param name="right">At least <see cref="TileOutputs"/> vectors.</param>
    /// <param name="depth">Length of the vectors.</param>
    /// <param name="y">[left, right].</param>
    /// <param name="bias">Null, or a value for each right vector.</param>
    /// <param name="onto">Null, or what is added; may be y.</param>
    public static void Multiply(Side left, Side right, int depth, float* y, float* bias, float* onto)
    {
        if (Splits(left.Count))
            SplitProduct.Multiply(left, right, depth, y, right.Count, bias, onto, passingLeft: !right.Down);
        else
            MultiplyPanels(left, right, depth, y, bias, onto);
    }

    private static bool Splits(long rows) => MatrixUnits.Available && rows >= SplitRows;

    private static bool Fits(Tensor x, Tensor weight) => !is_grad_enabled() && RowOperators.IsPlain(x) && RowOperators.IsPlain(weight);

    /// <summary>Where the elements of a contiguous CPU tensor lie; 0 for null.</summary>
    internal static nint Address(Tensor? tensor)
    {
        if (tensor is null)
            return 0;
        if (tensor.numel() * sizeof(float) <= int.MaxValue)
            return (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
        using var flat = tensor.view(-1); // a span counts its bytes in 32 bits
        using var first = flat.narrow(0, 0, 1);
        return Address(first);
    }

    private readonly struct Dots(ThreadTeam team, nint x, nint w, nint y, nint bias, nint onto, int rows, int inputs, int outputs) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (start, end) = team.Share(part, outputs, TileOutputs);
            Multiply((float*)x, (float*)w, (float*)y, rows, inputs, outputs, start, end);
            if (bias != 0 || onto != 0)
                Add((float*)bias, (float*)onto, (float*)y, rows, outputs, start, end);
        }
    }
}
