using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Refinement;

/// <summary>Turns records into token ids. A response is never put through the chat template: some templates cut the reasoning out of earlier answers.</summary>
internal static class ResponseEncoder
{
    private const string ThinkOpens = "<think>";

    /// <summary>The ids of a record's prompt and of its response, without EOS.</summary>
    /// <exception cref="InvalidDataException">The record is neither text nor chat messages.</exception>
    public static (int[] Prompt, int[] Response) Encode(Tokenizer tokenizer, PromptSpec prompt, PromptResponse record)
    {
        var raw = record.Prompt is JsonValue && prompt.Template is PromptTemplate.None;
        var promptText = record.Prompt switch
        {
            JsonArray messages => PromptFormat.Render(tokenizer, Messages(messages, record.Index)),
            JsonValue value when value.TryGetValue(out string? text) => PromptFormat.Text(tokenizer, prompt, text),
            _ => throw new InvalidDataException($"record {record.Index + 1}: the prompt must be text or a list of chat messages"),
        };
        var response = WithoutRepeatedThink(promptText, Content(record.Response, record.Index));
        return (tokenizer.Encode(promptText, addSpecialTokens: raw), tokenizer.Encode(response));
    }

    /// <summary>A chat template may end with an opened <c>&lt;think&gt;</c>; a response that opens it too would have it twice.</summary>
    internal static string WithoutRepeatedThink(string prompt, string response)
    {
        if (!prompt.TrimEnd().EndsWith(ThinkOpens, StringComparison.Ordinal) || !response.TrimStart().StartsWith(ThinkOpens, StringComparison.Ordinal))
            return response;
        var rest = response.TrimStart()[ThinkOpens.Length..];
        return prompt.EndsWith('\n') && rest.StartsWith('\n') ? rest[1..] : rest;
    }

    private static string Content(JsonNode response, int index) => response switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray and [JsonObject first, ..] => Content(first["content"] ?? "", index),
        JsonObject message when message["content"] is JsonValue content => Content(content, index),
        _ => throw new InvalidDataException($"record {index + 1}: the response must be text or a list of chat messages whose content is text"),
    };

    private static JsonArray Messages(JsonArray messages, int index)
    {
        if (messages.Count == 0 || messages.Any(message => message is not JsonObject { } m || m["role"] is null))
            throw new InvalidDataException($"record {index + 1}: the prompt must be a list of at least one chat message with role and content");
        return (JsonArray)messages.DeepClone();
    }
}
