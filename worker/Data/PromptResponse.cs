namespace LightReasoner.Worker.Data;

/// <summary>A prompt with its response.</summary>
/// <param name="Prompt">Text, or a list of chat messages with <c>role</c> and <c>content</c>.</param>
internal sealed record PromptResponse(int Index, JsonNode Prompt, string Response, string Place = "");
