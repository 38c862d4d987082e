using System.Buffers.Binary;
using System.Text.Json;
using LightReasoner.Worker.Storage;
using TorchSharp;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// The header of a safetensors file: u64 little-endian length, then JSON that places every tensor in the bytes that follow.
/// Checked completely before any tensor is allocated: known types, sizes that match, and data without gap, overlap or rest.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The limit of the reference implementation.</summary>
    public const long MaxLength = 100_000_000;

    public Dictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    public static SafetensorsHeader Read(Stream stream, long fileLength, string path)
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

    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string path)
    {
        var header = new SafetensorsHeader();
        try
        {
            header.ReadObject(json, path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: the safetensors header is malformed: {e.Message}", e);
        }
        header.CheckLayout(8 + json.Length, fileLength, path);
        return header;
    }

    private void ReadObject(ReadOnlySpan<byte> json, string path)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new InvalidDataException($"{path}: tensor '{name}': expected an object, found {reader.TokenType}");
            if (name == "__metadata__")
                reader.Skip(); // free-form strings
            else if (!Entries.TryAdd(name, ReadEntry(ref reader, name, path, 8 + json.Length)))
                throw new InvalidDataException($"{path}: tensor '{name}' is listed twice");
        }
        if (reader.Read()) // the reader itself refuses anything but blanks after the object
            throw new InvalidDataException($"{path}: the safetensors header has content after its object");
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, string path, long dataStart)
    {
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            reader.Read();
            var fresh = field switch
            {
                "dtype" => Once(ref dtype, reader.TokenType == JsonTokenType.String ? reader.GetString()!
                    : throw Wrong("dtype", "a string")),
                "shape" => Once(ref shape, ReadNumbers(ref reader, "shape")),
                "data_offsets" => Once(ref offsets, ReadNumbers(ref reader, "data_offsets")),
                _ => throw new InvalidDataException($"{path}: tensor '{name}' has an unknown field '{field}'"),
            };
            if (!fresh)
                throw new InvalidDataException($"{path}: tensor '{name}' has field '{field}' twice");
        }

        if (dtype is null || shape is null || offsets is null)
            throw new InvalidDataException($"{path}: tensor '{name}' lacks "
                + $"{(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        var type = Safetensors.TypeOf(dtype)
            ?? throw new InvalidDataException($"{path}: tensor '{name}' has dtype '{dtype}', which is not supported (supported: "
                + $"{Safetensors.TypeNames})");
        if (offsets is not [var begin, var end] || begin > end)
            throw new InvalidDataException($"{path}: tensor '{name}' has data_offsets {SafetensorsEntry.Format(offsets)}; expected "
                + "[begin, end]");
        if (ByteLength(shape, type.ElementSize()) is not { } bytes || bytes != end - begin)
            throw new InvalidDataException($"{path}: tensor '{name}' of shape {SafetensorsEntry.Format(shape)} and dtype {dtype} does not "
                + $"fit its {end - begin} bytes");
        return begin <= long.MaxValue - dataStart
            ? new SafetensorsEntry(name, type, shape, dataStart + begin, bytes)
            : throw new InvalidDataException($"{path}: tensor '{name}' lies outside the file");

        static bool Once<T>(ref T? slot, T value) where T : class
        {
            var fresh = slot is null;
            slot = value;
            return fresh;
        }

        List<long> ReadNumbers(ref Utf8JsonReader reader, string field)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                throw Wrong(field, "a list of whole numbers");
            var numbers = new List<long>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                numbers.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var n) && n >= 0
                    ? n : throw Wrong(field, "a list of whole numbers, 0 or more"));
            return numbers;
        }

        InvalidDataException Wrong(string field, string expected) => new($"{path}: tensor '{name}': field '{field}' must be {expected}");
    }

    /// <returns>null when the product leaves the range of a signed 64-bit number.</returns>
    private static long? ByteLength(List<long> shape, long elementSize)
    {
        if (shape.Contains(0))
            return 0;
        Int128 product = elementSize;
        foreach (var size in shape)
        {
            product *= size;
            if (product > long.MaxValue)
                return null;
        }
        return (long)product;
    }

    private void CheckLayout(long dataStart, long fileLength, string path)
    {
        var position = dataStart;
        foreach (var entry in Entries.Values.OrderBy(e => e.Position).ThenBy(e => e.Length))
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
