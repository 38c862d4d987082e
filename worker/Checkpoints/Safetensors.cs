using System.Buffers.Binary;
using System.Text.Json.Serialization;
using LightReasoner.Worker.Storage;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// The safetensors format, named tensors in one file: u64 little-endian length, a header in JSON that places every tensor, their bytes.
/// </summary>
internal static class Safetensors
{
    private const long ChunkElements = 4 << 20, MaxHeader = 100_000_000; // that of the reference implementation

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

    private static string TypeNames => string.Join(", ", s_types.Keys);

    private sealed record Fields(
        [property: JsonPropertyName("dtype")] string Type, [property: JsonPropertyName("shape")] long[] Shape,
        [property: JsonPropertyName("data_offsets")] long[] Offsets);

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

    private static void WriteHeader(Stream stream, TensorSource[] tensors)
    {
        var json = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long position = 0;
        foreach (var tensor in tensors)
        {
            var type = s_types.FirstOrDefault(known => known.Value == tensor.Type).Key
                ?? throw new ArgumentException($"safetensors files hold no {tensor.Type} tensors (supported: {TypeNames})");
            var fields = new Fields(type, [.. tensor.Shape], [position, position += tensor.Bytes]);
            json.Add(tensor.Name, JsonSerializer.SerializeToNode(fields));
        }
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

    /// <summary>
    /// Reads a header. All of it is checked before any tensor is allocated: known types, sizes that match, and data without gap, overlap or
    /// rest.
    /// </summary>
    public static Dictionary<string, SafetensorsEntry> ReadHeader(Stream stream, string path)
    {
        if (ContentKind.NameOf(path) is { } other)
            throw new InvalidDataException($"{path}: is {other}");
        var fileLength = stream.Length;
        if (fileLength < 8)
            throw new InvalidDataException($"{path}: {fileLength} bytes are too few for a safetensors file");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxHeader)
            throw new InvalidDataException($"{path}: the header claims {length} bytes; this is no safetensors file (at most {MaxHeader})");
        if ((long)length > fileLength - 8)
            throw new InvalidDataException($"{path}: the header claims {length} bytes but the file ends after {fileLength - 8}; it is "
                + "truncated");
        var json = new byte[(int)length];
        stream.ReadExactly(json);
        if (json.Length == 0 || json[0] != (byte)'{')
            throw new InvalidDataException($"{path}: the header is not a JSON object; this is no safetensors file");
        return ParseHeader(json, fileLength, path);
    }

    public static Dictionary<string, SafetensorsEntry> ParseHeader(ReadOnlySpan<byte> json, long fileLength, string path)
    {
        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        foreach (var (name, node) in JsonFile.Parse(json, path))
            if (name != "__metadata__") // free-form strings
                entries.Add(name, Entry(name, node, 8 + json.Length, path));
        CheckLayout(entries.Values, 8 + json.Length, fileLength, path);
        return entries;
    }

    private static SafetensorsEntry Entry(string name, JsonNode? node, long dataStart, string path)
    {
        Fields fields;
        try
        {
            fields = node.Deserialize<Fields>(JsonSerializerOptions.Strict) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw Bad($"must have dtype, a string, and shape and data_offsets, lists of whole numbers, and nothing else ({e.Message})");
        }
        if (!s_types.TryGetValue(fields.Type, out var type))
            throw Bad($"has dtype '{fields.Type}', which is not supported (supported: {TypeNames})");
        if (fields.Offsets is not [var begin and >= 0, var end] || begin > end)
            throw Bad($"has data_offsets {SafetensorsEntry.Format(fields.Offsets)}; expected [begin, end]");
        // As floating-point numbers, which do not overflow: no file has the 2^53 bytes from which on they are inexact.
        var bytes = fields.Shape.Aggregate((double)type.ElementSize(), (product, size) => product * size);
        if (fields.Shape.Any(size => size < 0) || bytes != end - begin)
            throw Bad($"of shape {SafetensorsEntry.Format(fields.Shape)} and dtype {fields.Type} does not fit its {end - begin} bytes");
        return begin <= long.MaxValue - dataStart ? new SafetensorsEntry(name, type, fields.Shape, dataStart + begin, end - begin)
            : throw Bad("lies outside the file");

        InvalidDataException Bad(string problem) => new($"{path}: tensor '{name}' {problem}");
    }

    private static void CheckLayout(IEnumerable<SafetensorsEntry> entries, long dataStart, long fileLength, string path)
    {
        var position = dataStart;
        foreach (var entry in entries.OrderBy(e => e.Position).ThenBy(e => e.Length))
        {
            if (entry.Position != position)
                throw new InvalidDataException(entry.Position < position
                    ? $"{path}: tensor '{entry.Name}' overlaps the one before it"
                    : $"{path}: tensor '{entry.Name}' leaves a gap of {entry.Position - position} bytes before it");
            if (entry.Length > fileLength - position)
                throw new InvalidDataException($"{path}: tensor '{entry.Name}' needs {entry.Length} bytes at {position} but the file ends "
                    + $"at {fileLength}; it is truncated");
            position += entry.Length;
        }
        if (position != fileLength)
            throw new InvalidDataException($"{path}: {fileLength - position} bytes after the last tensor belong to no tensor");
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
