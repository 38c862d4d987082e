using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Data;

/// <summary>One record and where it stands, for messages.</summary>
/// <param name="Index">Position in the whole dataset, from 0.</param>
/// <param name="Fields">The record.</param>
/// <param name="Place">Such as <c>file:///data/a.jsonl line 17</c>.</param>
public sealed record DataRecord(int Index, JsonObject Fields, string Place)
{
    /// <summary>A field that must be there.</summary>
    /// <exception cref="WorkerException">It is not; the message lists the fields that are.</exception>
    public JsonNode Required(string field) => Fields[field]
        ?? throw new WorkerException(ExitCode.BadData, $"{Place}: field '{field}' is missing (fields: {string.Join(", ", Fields.Select(p => p.Key))})");

    /// <summary>A text field that must be there. Numbers are taken as they are written.</summary>
    public string Text(string field) => Required(field) switch
    {
        JsonValue value when value.GetValueKind() is JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() is JsonValueKind.Number => value.ToJsonString(),
        JsonNode other => throw new WorkerException(ExitCode.BadData, $"{Place}: field '{field}' must be text, was {other.GetValueKind()}"),
    };
}

/// <summary>Reads the records of a dataset: every file that the URI names, in the order of their names.</summary>
public static class RecordReader
{
    /// <summary>Longest line that is read, in bytes; a longer one is an error rather than a way to take all memory.</summary>
    private const int MaxLine = 64 << 20;

    /// <summary>The files of a dataset.</summary>
    /// <exception cref="WorkerException">There is none.</exception>
    public static async Task<IReadOnlyList<string>> FilesAsync(string uri, CancellationToken cancellation)
    {
        (string root, string pattern) = BlobUri.SplitGlob(uri);
        var matcher = new Regex("^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?").Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*").Replace(@"\?", "[^/]") + "$");
        IReadOnlyList<BlobInfo> blobs = await BlobUri.Open(root).ListAsync(pattern[..Math.Max(0, pattern.IndexOfAny(['*', '?', '[']) is var i && i < 0 ? pattern.Length : i)], cancellation);
        string[] files = [.. blobs.Where(blob => matcher.IsMatch(blob.Name)).Select(blob => BlobUri.Join(root, blob.Name))];
        return files.Length > 0 ? files : throw new WorkerException(ExitCode.MissingInput, $"{uri}: no file has this name or matches this pattern");
    }

    /// <summary>The records of a dataset, one after the other.</summary>
    public static async IAsyncEnumerable<DataRecord> ReadAsync(
        string uri, RecordFormat? format, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        int index = 0;
        foreach (string file in await FilesAsync(uri, cancellation))
        {
            IAsyncEnumerable<(JsonObject Fields, string Place)> records = FormatOf(file, format) == RecordFormat.Parquet
                ? ParquetRecords.ReadAsync(file, cancellation)
                : JsonLines(file, cancellation);
            await foreach ((JsonObject fields, string place) in records) yield return new DataRecord(index++, fields, place);
        }
    }

    /// <summary>The records of one JSONL text.</summary>
    public static async IAsyncEnumerable<(JsonObject Fields, string Place)> JsonLines(
        string file, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        (string root, string name) = BlobUri.SplitGlob(file);
        await using Stream stream = await BlobUri.Open(root).OpenReadAsync(name, cancellation: cancellation);
        using var reader = new StreamReader(stream);
        int number = 0;
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            number++;
            string place = $"{file} line {number}";
            if (line.Length > MaxLine) throw new WorkerException(ExitCode.BadData, $"{place}: is longer than {MaxLine >> 20} MiB");
            if (string.IsNullOrWhiteSpace(line)) continue;
            JsonNode? node;
            try
            {
                node = JsonNode.Parse(line, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
                if (line.Contains("\\ud", StringComparison.OrdinalIgnoreCase)) _ = node?.ToJsonString(); // reads all texts: half a surrogate pair is no character
            }
            catch (InvalidOperationException e)
            {
                throw new WorkerException(ExitCode.BadData, $"{place}: {e.Message}", e);
            }
            catch (JsonException e)
            {
                throw new WorkerException(ExitCode.BadData, $"{place}: is not JSON ({(e.BytePositionInLine is { } at ? $"column {at + 1}" : e.Message)}); every line must hold one JSON object", e);
            }
            yield return node is JsonObject fields
                ? (fields, place)
                : throw new WorkerException(ExitCode.BadData, $"{place}: must be a JSON object, was {node?.GetValueKind().ToString() ?? "null"}");
        }
    }

    private static RecordFormat FormatOf(string file, RecordFormat? format) =>
        format ?? (Path.GetExtension(file) is ".parquet" or ".pq" ? RecordFormat.Parquet : RecordFormat.Jsonl);
}
