using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization.Jinja;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// A chat template: turns messages into the text that a model was trained on. The language is the part of Jinja2 that chat
/// templates use, rendered as transformers does; whatever is not supported is an error, never wrong text. Safe for concurrent use.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> _statements;
    private readonly TimeProvider _clock;
    private JsonObject? _defaults;
    private ChatTemplate? _forTools;

    private ChatTemplate(string source, string name, TimeProvider clock) =>
        (_statements, Name, _clock) = (Parser.Parse(source, name), name, clock);

    /// <summary>Where the template comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <param name="clock">The clock of strftime_now; the system's by default.</param>
    /// <exception cref="ChatTemplateException">The template has an error or a tag that is not supported.</exception>
    public static ChatTemplate Parse(string source, string name, TimeProvider? clock = null) => new(source, name, clock ?? TimeProvider.System);

    /// <summary>The template of a model folder with its special tokens, or null when it has none. Tools and documents are none unless given.</summary>
    /// <exception cref="ChatTemplateException">The template has an error or a tag that is not supported.</exception>
    /// <exception cref="TokenizerException">tokenizer_config.json is damaged.</exception>
    public static ChatTemplate? Read(string dir) => Read(dir, SpecialTokens.Read(dir));

    /// <summary>Renders the template with messages, add_generation_prompt, tools and any other variables.</summary>
    /// <param name="variables">A variable that is absent is undefined, JSON null is none.</param>
    /// <param name="clock">The clock of strftime_now, if not the template's own.</param>
    /// <exception cref="ChatTemplateException">The template raised an error, uses something that is not supported, or exceeds a limit of time or size.</exception>
    public string Render(JsonObject variables, TimeProvider? clock = null)
    {
        if (_forTools is not null && variables["tools"] is JsonArray { Count: > 0 })
            return _forTools.Render(variables, clock);
        Interpreter? interpreter = null;
        try
        {
            var values = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var (name, value) in (_defaults ?? []).Concat(variables))
                values[name] = JsonValues.From(value);
            interpreter = new Interpreter(clock ?? _clock, values);
            return interpreter.Run(_statements);
        }
        catch (JinjaException e)
        {
            throw new ChatTemplateException(Name, interpreter?.Line ?? 1, e.Message);
        }
        catch (Exception e) when (interpreter is null && e is InvalidOperationException or ArgumentException)
        {
            throw new ChatTemplateException(Name, 1, $"the variables are not valid: {e.Message}");
        }
    }

    /// <summary>
    /// The template of a model folder: chat_template.jinja, else chat_template of tokenizer_config.json (a text, or a list with one
    /// named 'default' and perhaps one named 'tool_use').
    /// </summary>
    internal static ChatTemplate? Read(string directory, SpecialTokens special)
    {
        var file = Path.Combine(directory, "chat_template.jinja");
        var config = Path.Combine(directory, "tokenizer_config.json");
        var template = File.Exists(file) ? Parse(File.ReadAllText(file), file) : FromConfig(special.ChatTemplate, $"{config}: chat_template");
        if (template is null)
            return null;
        template._defaults = new JsonObject { ["tools"] = null, ["documents"] = null };
        foreach (var (name, token) in (ReadOnlySpan<(string, string?)>)[("bos_token", special.Bos), ("eos_token", special.Eos), ("pad_token", special.Pad)])
        {
            if (token is not null)
                template._defaults[name] = token;
        }
        if (template._forTools is not null)
            template._forTools._defaults = template._defaults;
        return template;
    }

    private static ChatTemplate? FromConfig(JsonNode? node, string where)
    {
        switch (node)
        {
            case null:
                return null;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                return Parse(text.GetValue<string>(), where);
            case JsonArray list:
                var named = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var item in list)
                {
                    var entry = Json.Object(item, where);
                    named[Json.String(entry, "name", where)] = Json.String(entry, "template", where);
                }
                if (!named.TryGetValue("default", out var source))
                    throw new TokenizerException($"{where}: no template is named 'default' (names: {string.Join(", ", named.Keys)})");
                var template = Parse(source, $"{where} 'default'");
                if (named.TryGetValue("tool_use", out var forTools))
                    template._forTools = Parse(forTools, $"{where} 'tool_use'");
                return template;
            default:
                throw new TokenizerException($"{where}: expected a text or a list of named templates");
        }
    }
}
