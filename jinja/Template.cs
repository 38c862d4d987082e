using System.Text.Json.Nodes;

namespace LightReasoner.Jinja;

/// <summary>
/// A template in the part of Jinja2 that chat templates use, rendered as transformers does (trim_blocks, lstrip_blocks, an immutable
/// sandbox). Whatever is not supported is an error, never wrong text. Safe for concurrent use.
/// </summary>
public sealed class Template
{
    private readonly IReadOnlyList<Statement> _statements;
    private readonly string _name;

    private Template(string source, string name) => (_statements, _name) = (Parser.Parse(source, name), name);

    /// <summary>Parses a template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <exception cref="TemplateException">The template has an error or a tag that is not supported.</exception>
    public static Template Parse(string source, string name) => new(source, name);

    /// <summary>Renders the template.</summary>
    /// <param name="variables">A variable that is absent is undefined, JSON null is none. Of equal names the last counts.</param>
    /// <param name="clock">The clock of strftime_now; the system's by default.</param>
    /// <exception cref="TemplateException">The template raised an error, uses something unsupported, or takes too long.</exception>
    public string Render(IEnumerable<KeyValuePair<string, JsonNode?>> variables, TimeProvider? clock = null)
    {
        Interpreter? interpreter = null;
        try
        {
            var values = variables.Select(variable => KeyValuePair.Create(variable.Key, JsonValues.From(variable.Value)));
            interpreter = new Interpreter(clock ?? TimeProvider.System, [.. values]);
            return interpreter.Run(_statements);
        }
        catch (RenderException e)
        {
            throw new TemplateException(_name, interpreter?.Line ?? 1, e.Message);
        }
        catch (Exception e) when (interpreter is null && e is InvalidOperationException or ArgumentException)
        {
            throw new TemplateException(_name, 1, $"the variables are not valid: {e.Message}");
        }
    }
}
