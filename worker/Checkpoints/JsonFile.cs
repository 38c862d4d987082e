namespace LightReasoner.Worker.Checkpoints;

/// <summary>Reads and writes the small JSON files of a checkpoint.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 64 << 20;

    public static JsonObject Read(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxBytes)
            throw new InvalidDataException($"{path}: {length} bytes are too many for this file (at most {MaxBytes})");
        return Parse(File.ReadAllBytes(path), path);
    }

    /// <exception cref="InvalidDataException">It holds something else; the message names the file.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> json, string name) =>
        Tree(json, name) as JsonObject ?? throw new InvalidDataException($"{name}: expected a JSON object");

    /// <summary>
    /// What a file holds. All of it is looked at here: JsonNode would fail at a doubled name, a text that is no Unicode or a number that is
    /// too large only where it is read.
    /// </summary>
    public static JsonNode? Tree(ReadOnlySpan<byte> json, string name)
    {
        if (json.StartsWith("\uFEFF"u8))
            json = json[3..];
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    reader.GetString();
                else if (reader.TokenType == JsonTokenType.Number && !double.IsFinite(reader.GetDouble()))
                    throw new JsonException($"the number {Encoding.UTF8.GetString(reader.ValueSpan)} is too large");
            }
            return JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{name}: malformed JSON: {e.Message}", e);
        }
    }

    public static JsonObject? ReadIfPresent(string path) => File.Exists(path) ? Read(path) : null;

    public static void Write(string path, JsonObject json) => File.WriteAllText(path, json.ToJsonString(ApiJson.Indented) + "\n");
}
