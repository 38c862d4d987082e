using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>Typed access to parts of a tokenizer file, with errors that name the place.</summary>
internal static class Json
{
    /// <summary>
    /// Parses a tree and looks at all of it: JsonNode finds doubled names and text that is no Unicode only when it is read,
    /// which would be anywhere.
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
        }
    }

    internal static JsonObject Object(JsonNode? node, string where) =>
        node as JsonObject ?? throw new TokenizerException($"{where}: expected an object, found {Kind(node)}");

    internal static JsonArray Array(JsonObject json, string name, string where) =>
        json[name] as JsonArray ?? throw new TokenizerException($"{where}.{name}: expected an array, found {Kind(json[name])}");

    internal static string Type(JsonObject json, string where) => String(json, "type", where);

    internal static string String(JsonObject json, string name, string where) =>
        OptionalString(json, name, where) ?? throw new TokenizerException($"{where}.{name}: expected a string, found null");

    internal static string? OptionalString(JsonObject json, string name, string where)
    {
        if (json[name] is not { } node)
            return null;
        return node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw new TokenizerException($"{where}.{name}: expected a string, found {Kind(node)}");
    }

    internal static bool Flag(JsonObject json, string name, string where, bool absent = false) => json[name] switch
    {
        null => absent,
        var node when node.GetValueKind() is JsonValueKind.True or JsonValueKind.False => node.GetValue<bool>(),
        var node => throw new TokenizerException($"{where}.{name}: expected true or false, found {Kind(node)}"),
    };

    internal static int Integer(JsonNode? node, string where) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number) && number is >= 0 and < Vocabulary.MaxId
            ? number
            : throw new TokenizerException($"{where}: expected a token id from 0 to {Vocabulary.MaxId - 1}, found {node?.ToJsonString() ?? "null"}");

    private static string Kind(JsonNode? node) => node?.GetValueKind().ToString().ToLowerInvariant() ?? "null";
}
