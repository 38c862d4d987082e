using LightReasoner.Jinja;

namespace LightReasoner.Worker.Tokenization;

/// <summary>A chat template: turns messages into the text that a model was trained on. Safe for concurrent use.</summary>
/// <param name="forTools">Used instead where there are tools; null for the same.</param>
/// <param name="defaults">Variables that every text has.</param>
public sealed class ChatTemplate(Template template, Template? forTools, JsonObject defaults)
{
    /// <summary>Parses a template that knows no special tokens.</summary>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <exception cref="TemplateException">The template has an error or a tag that is not supported.</exception>
    public static ChatTemplate Parse(string source, string name) => new(Template.Parse(source, name), null, []);

    /// <summary>
    /// The template of a model folder: chat_template.jinja, else chat_template of tokenizer_config.json (a text, or a list with one
    /// named 'default' and perhaps one named 'tool_use'); null when it has none. It knows the special tokens; tools and documents are none
    /// unless given.
    /// </summary>
    /// <exception cref="TemplateException">The template has an error or a tag that is not supported.</exception>
    /// <exception cref="InvalidDataException">tokenizer_config.json is damaged.</exception>
    internal static ChatTemplate? Read(string dir, TokenizerConfig? config = null)
    {
        config ??= TokenizerConfig.Read(dir);
        var file = Path.Combine(dir, "chat_template.jinja");
        var where = $"{Path.Combine(dir, "tokenizer_config.json")}: chat_template";
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        if (File.Exists(file))
            (named["default"], where) = (File.ReadAllText(file), file);
        else if (config.ChatTemplate is JsonValue text)
            named["default"] = Json.Text(text, where);
        else if (config.ChatTemplate is { } list)
        {
            foreach (var entry in Json.Array(list, where).Select(item => Json.Object(item, where)))
                named[Json.Text(entry["name"], $"{where}.name")] = Json.Text(entry["template"], $"{where}.template");
        }
        else
            return null;
        if (!named.TryGetValue("default", out var source))
            throw new InvalidDataException($"{where}: no template is named 'default' (names: {string.Join(", ", named.Keys)})");
        var variables = config.TemplateVariables();
        variables["tools"] = variables["documents"] = null;
        return new ChatTemplate(Template.Parse(source, where),
            named.TryGetValue("tool_use", out var other) ? Template.Parse(other, $"{where} 'tool_use'") : null, variables);
    }

    /// <summary>Renders the template with messages, add_generation_prompt, tools and any other variables.</summary>
    /// <param name="variables">A variable that is absent is undefined, JSON null is none.</param>
    /// <param name="clock">The clock of strftime_now; the system's by default.</param>
    /// <exception cref="TemplateException">The template raised an error, uses something unsupported, or takes too long.</exception>
    public string Render(JsonObject variables, TimeProvider? clock = null) =>
        (variables["tools"] is JsonArray { Count: > 0 } ? forTools ?? template : template).Render(defaults.Concat(variables), clock);
}
