namespace LightReasoner.Worker.Data;

/// <summary>
/// Prompts and responses as data sets hold them: text, or chat messages with <c>role</c> and <c>content</c>, or ShareGPT's <c>from</c> and
/// <c>value</c>; content is text or a list of text parts. What comes out has role and content as text. Whatever else is found is refused
/// with its place, or it would be trained as if it were empty.
/// </summary>
internal static class ChatMessages
{
    /// <summary>A prompt: text, or a list of messages.</summary>
    public static JsonNode Prompt(DataRecord record, string field) => record.Required(field) switch
    {
        JsonArray { Count: > 0 } list when !IsParts(list) =>
            new JsonArray([.. list.Select((message, i) => Message(record, $"{field}[{i}]", message))]),
        JsonObject message => new JsonArray(Message(record, field, message)),
        JsonNode text => JsonValue.Create(Text(record, field, text)),
    };

    /// <summary>A response: text, or one message of the assistant.</summary>
    public static string Response(DataRecord record, string field)
    {
        var response = record.Required(field);
        if (response is JsonArray { Count: > 0 } list && !IsParts(list))
            response = list.Count == 1 ? list[0] : throw record.Bad(field,
                $"must be text or one message of the assistant, was {list.Count} messages");
        if (response is not JsonObject) return Text(record, field, response);
        var message = Message(record, field, response, defaultRole: "assistant");
        return (string?)message["role"] == "assistant" ? Text(record, field, message["content"])
            : throw record.Bad(field, $"must be the assistant's message, was that of '{message["role"]}'");
    }

    private static JsonObject Message(DataRecord record, string path, JsonNode? node, string? defaultRole = null)
    {
        if (node is not JsonObject given) throw record.Bad(path, "must be a chat message with role and content");
        var message = (JsonObject)given.DeepClone();
        var role = Role(message) ?? defaultRole ?? throw record.Bad(path, "must be a chat message with role and content, or ShareGPT's "
            + $"from (human, gpt or system) and value; was {DataRecord.Shorten(given.ToJsonString(ApiJson.Options), 80)}");
        var content = message["content"] ?? message["value"];
        message.Remove("from");
        message.Remove("value");
        message["role"] = role;
        if (content is not null || message["tool_calls"] is not JsonArray { Count: > 0 })
            message["content"] = Text(record, $"{path}.content", content, mayBeBlank: role is not ("user" or "assistant"));
        return message;
    }

    private static string? Role(JsonObject message) => Name(message["role"]) ?? Name(message["from"]) switch
    {
        "human" or "user" => "user",
        "gpt" or "chatgpt" or "assistant" => "assistant",
        "system" => "system",
        _ => null,
    };

    private static string? Name(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static string Text(DataRecord record, string path, JsonNode? content, bool mayBeBlank = false)
    {
        var text = content switch
        {
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonArray parts => string.Concat(parts.Select((part, i) => Part(record, $"{path}[{i}]", part))),
            _ => throw record.Bad(path, $"must be text, was {content?.GetValueKind().ToString() ?? "null"}"),
        };
        return mayBeBlank || !string.IsNullOrWhiteSpace(text) ? text : throw record.Bad(path, "is empty");
    }

    private static string Part(DataRecord record, string path, JsonNode? part) => part is JsonObject { } fields
        && Name(fields["type"]) == "text" && Name(fields["text"]) is { } text
        ? text : throw record.Bad(path, """must be a part {"type": "text", "text": …}; others cannot be read""");

    private static bool IsParts(JsonArray list) => list[0] is JsonObject part && part.ContainsKey("type") && !part.ContainsKey("role")
        && !part.ContainsKey("from");
}
