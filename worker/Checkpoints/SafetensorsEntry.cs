using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Position">Where its bytes begin, counted from the start of the file.</param>
/// <param name="Length">How many bytes it has.</param>
public sealed record SafetensorsEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Position, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length / SafetensorsType.Size(Type);

    internal string ShapeText => Format(Shape);

    internal static string Format(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
