using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The element types of the safetensors format that have a counterpart in torch.</summary>
internal static class SafetensorsType
{
    private static readonly (string Name, ScalarType Type, int Size)[] s_types =
    [
        ("F64", ScalarType.Float64, 8),
        ("F32", ScalarType.Float32, 4),
        ("F16", ScalarType.Float16, 2),
        ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8),
        ("I32", ScalarType.Int32, 4),
        ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1),
        ("BOOL", ScalarType.Bool, 1),
    ];

    public static string Names => string.Join(", ", s_types.Select(t => t.Name));

    public static ScalarType? Parse(string name)
    {
        foreach (var type in s_types)
            if (type.Name == name)
                return type.Type;
        return null;
    }

    public static string Name(ScalarType type) => Find(type).Name;

    public static int Size(ScalarType type) => Find(type).Size;

    private static (string Name, ScalarType Type, int Size) Find(ScalarType type)
    {
        foreach (var known in s_types)
            if (known.Type == type)
                return known;
        throw new ArgumentException($"safetensors files hold no {type} tensors (supported: {Names})", nameof(type));
    }
}
