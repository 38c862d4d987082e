using System.Buffers.Binary;
using System.Text.Json.Serialization;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// The header of a safetensors file: u64 little-endian length, then JSON that places every tensor in the bytes that follow.
/// Checked completely before any tensor is allocated: known types, sizes that match, and data without gap, overlap or rest.
/// </summary>
internal static class SafetensorsHeader
{
    private const long MaxLength = 100_000_000; // of the reference implementation

    private sealed record Fields(
        [property: JsonPropertyName("dtype")] string Type, [property: JsonPropertyName("shape")] long[] Shape,
        [property: JsonPropertyName("data_offsets")] long[] Offsets);

    public static Dictionary<string, SafetensorsEntry> Read(Stream stream, long fileLength, string path)
    {
        if (ContentKind.NameOf(path) is { } other)
            throw new InvalidDataException($"{path}: is {other}");
        if (fileLength < 8)
            throw new InvalidDataException($"{path}: {fileLength} bytes are too few for a safetensors file");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxLength)
            throw new InvalidDataException($"{path}: the header claims {length} bytes; this is no safetensors file (at most {MaxLength})");
        if ((long)length > fileLength - 8)
            throw new InvalidDataException($"{path}: the header claims {length} bytes but the file ends after {fileLength - 8}; it is "
                + "truncated");
        var json = new byte[(int)length];
        stream.ReadExactly(json);
        if (json.Length == 0 || json[0] != (byte)'{')
            throw new InvalidDataException($"{path}: the header is not a JSON object; this is no safetensors file");
        return Parse(json, fileLength, path);
    }

    public static Dictionary<string, SafetensorsEntry> Parse(ReadOnlySpan<byte> json, long fileLength, string path)
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
        var type = Safetensors.TypeOf(fields.Type)
            ?? throw Bad($"has dtype '{fields.Type}', which is not supported (supported: {Safetensors.TypeNames})");
        if (fields.Offsets is not [var begin and >= 0, var end] || begin > end)
            throw Bad($"has data_offsets {SafetensorsEntry.Format(fields.Offsets)}; expected [begin, end]");
        if (fields.Shape.Any(size => size < 0) || ByteLength(fields.Shape, type.ElementSize()) != end - begin)
            throw Bad($"of shape {SafetensorsEntry.Format(fields.Shape)} and dtype {fields.Type} does not fit its {end - begin} bytes");
        return begin <= long.MaxValue - dataStart ? new SafetensorsEntry(name, type, fields.Shape, dataStart + begin, end - begin)
            : throw Bad("lies outside the file");

        InvalidDataException Bad(string problem) => new($"{path}: tensor '{name}' {problem}");
    }

    /// <returns>-1 when the product leaves the range of a signed 64-bit number.</returns>
    private static long ByteLength(long[] shape, long elementSize)
    {
        if (shape.Contains(0))
            return 0;
        Int128 product = elementSize;
        foreach (var size in shape)
            if ((product *= size) > long.MaxValue)
                return -1;
        return (long)product;
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
