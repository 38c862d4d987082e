using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>Typed access to parts of a tokenizer's files, with errors that name the place.</summary>
internal static class Json
{
    /// <summary>Reads a file that may be absent.</summary>
    internal static JsonObject? ReadObject(string file) => File.Exists(file) ? Object(Parse(File.ReadAllBytes(file), file), file) : null;

    /// <summary>
    /// Parses a tree and looks at all of it: JsonNode finds doubled names, text that is no Unicode and too large numbers only when it is
    /// read, which would be anywhere.
    /// </summary>
    internal static JsonNode? Parse(ReadOnlySpan<byte> json, string where)
    {
        try
        {
            var node = JsonNode.Parse(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
            Read(node);
            return node;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new TokenizerException($"{where}: not valid JSON: {e.Message}", e);
        }
    }

    private static void Read(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject json:
                foreach (var (_, value) in json)
                    Read(value);
                break;
            case JsonArray json:
                foreach (var value in json)
                    Read(value);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number && !double.IsFinite(value.GetValue<double>()):
                throw new JsonException($"the number {value.ToJsonString()} is too large");
        }
    }

    internal static JsonObject Object(JsonNode? node, string where) =>
        node as JsonObject ?? throw new TokenizerException($"{where}: expected an object, found {Kind(node)}");

    internal static JsonArray Array(JsonNode? node, string where) =>
        node as JsonArray ?? throw new TokenizerException($"{where}: expected an array, found {Kind(node)}");

    internal static string Text(JsonNode? node, string where) =>
        node?.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>() : throw new TokenizerException($"{where}: expected a string, found {Kind(node)}");

    internal static bool? Flag(JsonNode? node, string where) => node?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new TokenizerException($"{where}: expected true or false, found {Kind(node)}"),
    };

    internal static int Id(JsonNode? node, string where) =>
        node is JsonValue value && value.TryGetValue(out int number) && number is >= 0 and < TokenizerFile.IdLimit
            ? number
            : throw new TokenizerException($"{where}: expected an id below {TokenizerFile.IdLimit}, found {node?.ToJsonString()}");

    private static string Kind(JsonNode? node) => node?.GetValueKind().ToString().ToLowerInvariant() ?? "null";
}
