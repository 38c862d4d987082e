namespace LightReasoner.Worker.Tokenization;

/// <summary>Typed access to parts of a tokenizer's files, with errors that name the place.</summary>
internal static class Json
{
    internal static JsonObject Object(JsonNode? node, string where) =>
        node as JsonObject ?? throw new InvalidDataException($"{where}: expected an object, found {Kind(node)}");

    internal static JsonArray Array(JsonNode? node, string where) =>
        node as JsonArray ?? throw new InvalidDataException($"{where}: expected an array, found {Kind(node)}");

    internal static string Text(JsonNode? node, string where) =>
        node?.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>() : throw new InvalidDataException($"{where}: expected a string, found {Kind(node)}");

    internal static bool? Flag(JsonNode? node, string where) => node?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new InvalidDataException($"{where}: expected true or false, found {Kind(node)}"),
    };

    internal static int Id(JsonNode? node, string where) =>
        node is JsonValue value && value.TryGetValue(out int number) && number is >= 0 and < TokenizerFile.IdLimit
            ? number
            : throw new InvalidDataException($"{where}: expected an id below {TokenizerFile.IdLimit}, found {node?.ToJsonString()}");

    private static string Kind(JsonNode? node) => node?.GetValueKind().ToString().ToLowerInvariant() ?? "null";
}
