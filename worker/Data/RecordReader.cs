using System.Buffers;
using System.Text.Unicode;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.GZip;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Data;

/// <summary>A file of a dataset.</summary>
internal sealed record DataFile(IBlobStore Store, string Name)
{
    /// <summary>Where it is, for people; without credentials.</summary>
    public string Uri => BlobUri.Join(Store.Uri, StorageUri.Escape(Name));

    /// <summary>The files that a URI names (<see cref="BlobUri.FindAsync"/>), in the order of their names.</summary>
    public static async Task<IReadOnlyList<DataFile>> FindAsync(string uri, CancellationToken cancellation)
    {
        var (store, names) = await BlobUri.FindAsync(uri, cancellation);
        return [.. names.Select(name => new DataFile(store, name))];
    }
}

/// <summary>One record and where it stands, for messages.</summary>
/// <param name="Index">Position in the whole dataset, from 0.</param>
/// <param name="Place">Such as <c>file:///data/a.jsonl line 17</c>.</param>
internal sealed record DataRecord(int Index, JsonObject Fields, string Place)
{
    /// <summary>A field that must be there.</summary>
    public JsonNode Required(string field) => Fields[field] ?? throw Bad(field,
        $"is {(Fields.ContainsKey(field) ? "null" : "missing")} (fields: {string.Join(", ", Fields.Select(p => p.Key))})");

    /// <summary>A text field that must be there and not be empty. Numbers are taken as they are written.</summary>
    public string Text(string field) => Required(field) switch
    {
        JsonValue value when value.GetValueKind() is JsonValueKind.String => value.GetValue<string>() is var text
            && !string.IsNullOrWhiteSpace(text) ? text : throw Bad(field, "is empty"),
        JsonValue value when value.GetValueKind() is JsonValueKind.Number => value.ToJsonString(),
        JsonNode other => throw Bad(field, $"must be text, was {other.GetValueKind()}"),
    };

    internal static string Shorten(string text, int most = 40) => text.Length <= most ? text : text[..most] + "…";

    internal WorkerException Bad(string field, string what) => Bad($"field '{field}' {what}");

    internal WorkerException Bad(string what) => new(ExitCode.BadData, $"{Place}: {what}");
}

/// <summary>Reads the records of a dataset: every file that the URI names, in the order of their names.</summary>
internal static class RecordReader
{
    /// <summary>Longest line that is read, in bytes; a longer one is an error rather than a way to take all memory.</summary>
    private const int MaxLine = 64 << 20;

    public static async IAsyncEnumerable<DataRecord> ReadAsync(
        string uri, RecordFormat? format, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var index = 0;
        foreach (var file in await DataFile.FindAsync(uri, cancellation))
        {
            await foreach (var (fields, place) in ReadAsync(file, format, cancellation))
                yield return new DataRecord(index++, fields, place);
        }
    }

    /// <summary>The records of one file with their places. Gzip is read as what it holds, whatever the file's name is.</summary>
    public static async IAsyncEnumerable<(JsonObject Fields, string Place)> ReadAsync(
        DataFile file, RecordFormat? format, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var stream = await file.Store.OpenReadAsync(file.Name, cancellation);
        var head = new byte[ContentKind.HeadBytes];
        head = head[..await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation)];
        stream.Position = 0;
        bool gzip = head is [0x1F, 0x8B, ..], isParquet =
            (format ?? (head.AsSpan().StartsWith("PAR1"u8) ? RecordFormat.Parquet : FormatOf(file.Name))) == RecordFormat.Parquet;
        if ((!gzip || isParquet) && ContentKind.NameOf(head) is { } other)
            throw new WorkerException(ExitCode.BadData, $"{file.Uri}: is {other}");
        await using var content = gzip ? new GZipInputStream(stream) { IsStreamOwner = false } : stream;
        IAsyncEnumerable<(JsonObject, string)> records = isParquet ? ParquetRecords.ReadAsync(content, file.Uri, cancellation)
            : JsonLines(content, file.Uri, cancellation);
        await foreach (var (fields, place) in records) yield return (fields, place);
    }

    private static async IAsyncEnumerable<(JsonObject Fields, string Place)> JsonLines(
        Stream stream, string uri, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var lines = new LineReader(stream, MaxLine);
        for (int number = 1; ; number++)
        {
            var place = $"{uri} line {number}";
            JsonObject? fields;
            try
            {
                if (await lines.ReadAsync(cancellation) is not { } line) yield break;
                if (number == 1) line = WithoutByteOrderMark(line);
                fields = IsBlank(line) ? null : Parse(line);
            }
            catch (InvalidDataException e)
            {
                throw new WorkerException(ExitCode.BadData, $"{place}: {e.Message}", e);
            }
            catch (Exception e) when (stream is GZipInputStream
                && e is SharpZipBaseException or EndOfStreamException or IndexOutOfRangeException or ArgumentException)
            {
                throw new WorkerException(ExitCode.BadData, $"{place}: its gzip data is damaged or cut off ({e.Message})", e);
            }
            if (fields is not null) yield return (fields, place);
        }
    }

    private static JsonObject Parse(ReadOnlySequence<byte> line)
    {
        var text = line.IsSingleSegment ? line.FirstSpan : line.ToArray();
        if (!Utf8.IsValid(text)) throw new InvalidDataException("is not UTF-8");
        try
        {
            var node = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            // reads all texts: half a surrogate pair is no character
            if (text.IndexOf("\\ud"u8) >= 0 || text.IndexOf("\\uD"u8) >= 0) _ = node?.ToJsonString();
            return node as JsonObject
                ?? throw new InvalidDataException("must be a JSON object, was "
                    + $"{node?.GetValueKind().ToString() ?? "null"}{(node is JsonArray ? "; jq -c '.[]' makes lines of an array" : "")}");
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"is not JSON ({(e.BytePositionInLine is { } at ? $"column {at + 1}" : e.Message)}); every "
                + "line must hold one JSON object", e);
        }
    }

    private static ReadOnlySequence<byte> WithoutByteOrderMark(ReadOnlySequence<byte> line)
    {
        var reader = new SequenceReader<byte>(line);
        reader.IsNext([0xEF, 0xBB, 0xBF], advancePast: true);
        return reader.UnreadSequence;
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
            if (part.Span.ContainsAnyExcept(" \t\r"u8)) return false;
        return true;
    }

    private static RecordFormat FormatOf(string name)
    {
        var extension = Path.GetExtension(name);
        if (extension.Equals(".gz", StringComparison.OrdinalIgnoreCase)) extension = Path.GetExtension(name[..^extension.Length]);
        return extension.ToLowerInvariant() is ".parquet" or ".pq" ? RecordFormat.Parquet : RecordFormat.Jsonl;
    }
}
