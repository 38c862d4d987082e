using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The safetensors format: named tensors in one file.</summary>
public static class Safetensors
{
    private static readonly Dictionary<string, ScalarType> s_types = new()
    {
        ["F64"] = ScalarType.Float64,
        ["F32"] = ScalarType.Float32,
        ["F16"] = ScalarType.Float16,
        ["BF16"] = ScalarType.BFloat16,
        ["I64"] = ScalarType.Int64,
        ["I32"] = ScalarType.Int32,
        ["I16"] = ScalarType.Int16,
        ["I8"] = ScalarType.Int8,
        ["U8"] = ScalarType.Byte,
        ["BOOL"] = ScalarType.Bool,
    };

    /// <summary>The names of the supported element types.</summary>
    internal static string TypeNames => string.Join(", ", s_types.Keys);

    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="InvalidDataException">The file is no well-formed safetensors file; names the file and the tensor.</exception>
    public static SafetensorsFile Open(string path) => new(path);

    /// <summary>Writes tensors as they are (type and values) under the path, atomically.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors) => SafetensorsWriter.Write(path, [.. tensors]);

    internal static ScalarType? TypeOf(string name) => s_types.TryGetValue(name, out var type) ? type : null;

    internal static string NameOf(ScalarType type) => s_types.FirstOrDefault(known => known.Value == type).Key
        ?? throw new ArgumentException($"safetensors files hold no {type} tensors (supported: {TypeNames})", nameof(type));
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Position">Where its bytes begin, counted from the start of the file.</param>
/// <param name="Length">How many bytes it has.</param>
public sealed record SafetensorsEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Position, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length / Type.ElementSize();

    internal string ShapeText => Format(Shape);

    internal static string Format(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
