using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>A chat template: turns messages into the text that a model was trained on.</summary>
public sealed class ChatTemplate
{
    /// <summary>Parses a template.</summary>
    public static ChatTemplate Parse(string source, string name) => throw new ChatTemplateException(name, 1, "chat templates are not supported");

    /// <summary>Renders the template with the given variables.</summary>
    public string Render(JsonObject variables) => throw new ChatTemplateException("template", 1, "chat templates are not supported");

    internal static ChatTemplate? Read(string directory, SpecialTokens special) => null;
}
