using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tests.FineTuning;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Native;

/// <summary>Products on the matrix units against products in float64.</summary>
[Collection(TorchGeneratorCollection.Name)]
public unsafe class SplitProductTests
{
    public SplitProductTests()
    {
        Assert.SkipUnless(MatrixUnits.Available, "this CPU has no matrix units, or this process may not use them");
        manual_seed(6);
    }

    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 2, 3, 5 }, { 16, 32, 32 }, { 17, 31, 33 }, { 32, 160, 64 }, { 33, 129, 96 }, { 100, 100, 100 }, { 257, 40, 513 }, { 40, 257, 1408 }, { 2080, 33, 48 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Multiply_EitherSideTurned_IsAsExactAsFloat32(int rows, int columns, int depth)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor left = randn(rows, depth), right = randn(columns, depth), bias = randn(columns), onto = randn(rows, columns);
        Tensor leftColumns = left.t().contiguous(), rightColumns = right.t().contiguous();
        var exact = left.to(ScalarType.Float64).mm(right.to(ScalarType.Float64).t());
        var scale = left.abs().to(ScalarType.Float64).mm(right.abs().to(ScalarType.Float64).t()).add(1e-30);
        foreach (var (kept, keptDown) in new[] { (left, false), (leftColumns, true) })
            foreach (var (passing, passingDown) in new[] { (right, false), (rightColumns, true) })
                foreach (var passingLeft in new[] { true, false })
                {
                    Check(exact, null, null);
                    Check(exact.add(bias), bias, null);
                    Check(exact.add(onto), null, onto);

                    void Check(Tensor expected, Tensor? bias, Tensor? onto)
                    {
                        var y = full([rows, columns], float.NaN);
                        SplitProduct.Multiply(
                            new Side(Matmul.Address(kept), (nint)kept.shape[1], rows, keptDown), new Side(Matmul.Address(passing), (nint)passing.shape[1], columns, passingDown), depth,
                            (float*)Matmul.Address(y), columns, (float*)Matmul.Address(bias), (float*)Matmul.Address(onto), passingLeft);
                        // A float32 sum of n products errs by some roundings of half a bit of their magnitudes' sum; 2⁻²¹ is four bits of room.
                        var error = y.to(ScalarType.Float64).sub(expected).abs().sub(expected.abs().mul(1e-7)).div(scale).max().item<double>();
                        Assert.True(error < 1.0 / (1 << 21), $"{error} of the magnitude, kept {(keptDown ? "columns" : "rows")}, passing {(passingDown ? "columns" : "rows")}, passing left: {passingLeft}");
                    }
                }
    }

    [Fact]
    public void Multiply_LargeAndSmallValues_LosesNoPart()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // Diagonal: each product stands alone, so every bit of the factors shows.
        var values = randn(64).mul(tensor(Enumerable.Range(0, 64).Select(i => (float)Math.Pow(2, i - 32)).ToArray()));
        Tensor left = diag(values), right = diag(full(64, 1 + 1f / (1 << 23))), y = empty(64, 64);
        SplitProduct.Multiply(
            new Side(Matmul.Address(left), 64, 64, Down: false), new Side(Matmul.Address(right), 64, 64, Down: false), 64, (float*)Matmul.Address(y), 64, null, null, passingLeft: true);
        var exact = values.to(ScalarType.Float64).mul(1 + 1.0 / (1 << 23));
        var error = diagonal(y).to(ScalarType.Float64).sub(exact).div(exact).abs().max().item<double>();
        Assert.True(error <= 1.5 / (1 << 23), $"{error} relative");
    }
}
