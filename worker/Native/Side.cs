using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>A matrix as one side of a product: vectors of equal length.</summary>
/// <param name="Data">The first element.</param>
/// <param name="Stride">Elements from row to row of the matrix.</param>
/// <param name="Count">Vectors.</param>
/// <param name="Down">Whether they are the matrix's columns instead of its rows.</param>
internal readonly unsafe record struct Side(nint Data, nint Stride, int Count, bool Down)
{
    /// <summary>The rows of a contiguous matrix.</summary>
    public static Side RowsOf(Tensor matrix) => new(Matmul.Address(matrix), (nint)matrix.size(1), (int)matrix.size(0), Down: false);

    /// <summary>The columns of a contiguous matrix.</summary>
    public static Side ColumnsOf(Tensor matrix) => new(Matmul.Address(matrix), (nint)matrix.size(1), (int)matrix.size(1), Down: true);

    /// <summary>Where a value of a vector lies.</summary>
    public float* At(int vector, int value) => (float*)Data + (Down ? value * Stride + vector : vector * Stride + value);
}
