using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>Reads and writes the small JSON files of a checkpoint.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 64 << 20;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Read(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxBytes)
            throw new InvalidDataException($"{path}: {length} bytes are too many for this file (at most {MaxBytes})");
        try
        {
            using var stream = File.OpenRead(path);
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
            return JsonNode.Parse(stream, documentOptions: options) as JsonObject ?? throw new InvalidDataException($"{path}: expected a JSON object");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: malformed JSON: {e.Message}", e);
        }
    }

    public static JsonObject? ReadIfPresent(string path) => File.Exists(path) ? Read(path) : null;

    public static void Write(string path, JsonObject json) => SafetensorsWriter.Replace(path, stream =>
    {
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = s_indented.Encoder, NewLine = "\n" }))
            json.WriteTo(writer, s_indented);
        stream.WriteByte((byte)'\n');
    });
}
