using System.Buffers.Binary;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The safetensors format: named tensors in one file.</summary>
internal static class Safetensors
{
    private const long ChunkElements = 4 << 20;

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

    public static string TypeNames => string.Join(", ", s_types.Keys);

    /// <summary>Opens a file and checks its whole header; no tensor is read yet.</summary>
    /// <exception cref="InvalidDataException">The file is no well-formed safetensors file; names the file and the tensor.</exception>
    public static SafetensorsFile Open(string path) => new(path);

    /// <summary>Writes tensors; cast, or in the types that they have.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, ScalarType? castTo = null) =>
        Write(path, tensors.Select(t => new TensorSource(t.Name, castTo ?? t.Value.dtype, t.Value.shape, () => t.Value)));

    /// <summary>Writes tensors. Only a folder of files says whether it is complete: half a file may stay where writing fails.</summary>
    public static void Write(string path, IEnumerable<TensorSource> tensors)
    {
        // Wide types first, so that every tensor is aligned; then by name, so that the same tensors give the same bytes.
        TensorSource[] ordered = [.. tensors.OrderByDescending(t => t.Type.ElementSize()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        using var stream = File.Create(path);
        WriteHeader(stream, ordered);
        foreach (var tensor in ordered)
            WriteData(stream, tensor);
    }

    public static ScalarType? TypeOf(string name) => s_types.TryGetValue(name, out var type) ? type : null;

    private static void WriteHeader(Stream stream, TensorSource[] tensors)
    {
        var json = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long position = 0;
        foreach (var tensor in tensors)
            json.Add(tensor.Name, new JsonObject
            {
                ["dtype"] = s_types.FirstOrDefault(known => known.Value == tensor.Type).Key
                    ?? throw new ArgumentException($"safetensors files hold no {tensor.Type} tensors (supported: {TypeNames})"),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(position, position += tensor.Bytes),
            });
        var header = Encoding.UTF8.GetBytes(json.ToJsonString(ApiJson.Options));
        Span<byte> length = stackalloc byte[8], padding = "       "u8[..(-header.Length & 7)].ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length + padding.Length);
        stream.Write(length);
        stream.Write(header);
        stream.Write(padding);
    }

    private static void WriteData(Stream stream, TensorSource tensor)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var flat = tensor.Value().detach().contiguous().view(-1);
        for (long done = 0; done < flat.shape[0]; done += ChunkElements)
        {
            using var inner = NewDisposeScope();
            stream.Write(flat.narrow(0, done, Math.Min(ChunkElements, flat.shape[0] - done)).to(tensor.Type).cpu().bytes);
        }
    }
}

/// <summary>A tensor to write; its value is asked for when its turn has come.</summary>
internal sealed record TensorSource(string Name, ScalarType Type, IReadOnlyList<long> Shape, Func<Tensor> Value)
{
    public long Bytes => Shape.Aggregate(1L, (product, size) => product * size) * Type.ElementSize();
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Position">Where its bytes begin, counted from the start of the file.</param>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Position, long Length)
{
    public long Count => Length / Type.ElementSize();

    public static string Format(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
