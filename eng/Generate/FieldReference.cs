using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Generate;

/// <summary>
/// The reference of all fields as one Markdown page, written from the definitions' schemas: the same text that <c>kubectl explain</c>
/// shows. Objects that occur more than once (a model, a dataset, the worker) have a section of their own.
/// </summary>
internal sealed partial class FieldReference
{
    /// <summary>A shared object is worth a section from this many fields on.</summary>
    private const int LeastSharedFields = 3;

    private readonly StringBuilder _page = new();
    private readonly Dictionary<string, string> _sections = [];

    public static string Write() => new FieldReference().Page();

    private string Page()
    {
        JsonObject[] definitions = [.. Enum.GetValues<RunKind>().Select(CrdGenerator.Definition)];
        var shared = FindShared([.. definitions.Select(Schema)]);

        _page.Append(CultureInfo.InvariantCulture, $$"""
            <!-- Generated from api/ by `make generate`. Do not edit. -->
            # Fields of `{{ApiGroup.Name}}/{{ApiGroup.Version}}`

            Every field of the three kinds, with its range and default. `kubectl explain srun.spec.selection` shows the same text.

            - The API server and `worker run -f` refuse a document that breaks a range or a rule.
            - Fields are optional unless marked *required*.
            - *name*: the name of a Kubernetes object. *URI*: see [storage.md](storage.md).
            - YAML is read as kubectl reads it (YAML 1.1): `yes` is true, `010` is 8, and the last of two equal keys is used.

            """);
        foreach (var definition in definitions) Kind(definition);
        _page.Append("\n## Shared objects\n");
        foreach (var node in shared)
        {
            _page.Append(CultureInfo.InvariantCulture, $"\n### {_sections[Key(node)]}\n\n");
            Table(node);
        }
        return _page.ToString();
    }

    private static JsonObject Schema(JsonObject definition) =>
        definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();

    private void Kind(JsonObject definition)
    {
        var names = definition["spec"]!["names"]!;
        var schema = Schema(definition);
        _page.Append(CultureInfo.InvariantCulture,
            $"\n## {names["kind"]}\n\n{Wrapped((string)schema["description"]!,
                "")}\nShort name `{names["shortNames"]![0]}`, category `{names["categories"]![0]}`.\n");
        foreach (var part in (string[])["spec", "status"])
        {
            _page.Append(CultureInfo.InvariantCulture, $"\n### {names["kind"]}.{part}\n\n");
            Table(schema["properties"]![part]!.AsObject());
        }
        Rules(schema, "");
    }

    private void Table(JsonObject node)
    {
        _page.Append("| field | type | default | description |\n| --- | --- | --- | --- |\n");
        Rows(node, "");
        Rules(node, "");
    }

    private void Rows(JsonObject node, string prefix)
    {
        var required = (node["required"]?.AsArray() ?? []).Select(n => (string)n!).ToHashSet();
        foreach (var (name, value) in node["properties"]!.AsObject())
        {
            var field = value!.AsObject();
            var path = prefix + name;
            var isShared = Inner(field) is { } inner && _sections.ContainsKey(Key(inner));
            var must = required.Contains(name) ? "*Required.* " : "";
            _page.Append(CultureInfo.InvariantCulture,
                $"| `{path}` | {Type(field)} | {Default(field)} | {must}{Escape(Description(field))} |\n");
            if (!isShared && Inner(field) is { } nested) Rows(nested, path + (field["items"] is null ? "." : "[]."));
        }
    }

    private void Rules(JsonObject node, string prefix)
    {
        IReadOnlyList<(string Path, string Message)> rules = [.. RulesOf(node, prefix).Distinct()];
        if (rules.Count == 0) return;
        _page.Append("\nRules:\n");
        foreach (var (path, message) in rules)
            _page.Append(Wrapped($"- {(path.Length > 0 ? $"`{path}`: " : "")}{message}", "  ")).Append('\n');
    }

    private IEnumerable<(string Path, string Message)> RulesOf(JsonObject node, string path)
    {
        foreach (var rule in node["x-kubernetes-validations"]?.AsArray() ?? [])
            yield return ((path + (string?)rule!["fieldPath"]).TrimStart('.'), (string)rule["message"]!);
        // The kind's own rules stand after its tables, those of the parts with the parts.
        if (node["properties"] is not JsonObject properties || properties.ContainsKey("metadata")) yield break;
        foreach (var (name, value) in properties)
            if (!(Inner(value!.AsObject()) is { } inner && _sections.ContainsKey(Key(inner))))
                foreach (var rule in RulesOf(Inner(value.AsObject()) ?? value.AsObject(), $"{path}.{name}")) yield return rule;
    }

    /// <summary>The object with fields that a field is, or is a list of; null for anything else.</summary>
    private static JsonObject? Inner(JsonObject field) =>
        field["properties"] is not null ? field : field["items"] is JsonObject { } items && items["properties"] is not null ? items : null;

    private string Type(JsonObject field)
    {
        if (Inner(field) is { } inner && _sections.TryGetValue(Key(inner), out var section))
            return $"{(field["items"] is null ? "" : "list of ")}[{section}](#{section.ToLowerInvariant()})";
        if (field["x-kubernetes-int-or-string"] is not null) return "integer or string";
        if (field["x-kubernetes-preserve-unknown-fields"] is not null) return "object, as in a Pod";
        if (field["items"] is JsonObject items)
            return $"list of {Type(items)}{Between(field, "minItems", "maxItems", " entries")}";
        if (field["additionalProperties"] is JsonObject values) return $"map of string to {Type(values)}";
        if (field["enum"] is JsonArray choices) return string.Join(", ",
            choices.Select(c => ((string)c!).Length == 0 ? "empty" : $"`{c}`"));
        var type = (string?)field["format"] is "date-time" ? "time" : (string)field["type"]!;
        var text = type + Between(field, "minimum", "maximum", "");
        return (string?)field["pattern"] switch
        {
            null => text + Between(field, "minLength", "maxLength", " characters"),
            Patterns.ResourceName or Patterns.QueueName => "name",
            Patterns.Uri or Patterns.OutputUri or Patterns.WebUri => "URI",
            Patterns.Quantity => "quantity",
            Patterns.ExtendedResource => "resource name",
            var pattern => $"{text}, `{Escape(pattern)}`",
        };
    }

    private static string Between(JsonObject field, string least, string most, string unit)
    {
        var (low, high) = (field[least], field[most]);
        string above = field["exclusiveMinimum"] is not null ? "above " : "", below = field["exclusiveMaximum"] is not null ? "below " : "";
        return (low, high) switch
        {
            (null, null) => "",
            (null, _) => $", at most {high}{unit}",
            (_, null) => $", at least {low}{unit}",
            _ => $", {above}{low} to {below}{high}{unit}",
        };
    }

    /// <summary>Without the default and the range, which have columns of their own.</summary>
    private static string Description(JsonObject field) => Bounds().Replace((string?)field["description"] ?? "", "");

    [GeneratedRegex(@" \((default [^()]*|(above )?-?[0-9.E+]+ to [^()]*)\)$")]
    private static partial Regex Bounds();

    private static string Default(JsonObject field) => field["default"] switch
    {
        null => "",
        JsonValue value => $"`{(value.GetValueKind() == System.Text.Json.JsonValueKind.String && ((string)value!).Length == 0 ? "\"\""
            : value.ToString())}`",
        JsonObject => "see its fields",
        JsonNode other => $"`{other.ToJsonString()}`",
    };

    /// <summary>In lines of at most 120 columns.</summary>
    private static string Wrapped(string text, string indent)
    {
        var lines = new StringBuilder();
        var column = 0;
        foreach (var word in text.Split(' '))
        {
            var fits = column + 1 + word.Length <= 120;
            if (column > 0) lines.Append(fits ? " " : "\n" + indent);
            lines.Append(word);
            column = (column == 0 ? 0 : fits ? column + 1 : indent.Length) + word.Length;
        }
        return lines.ToString();
    }

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private JsonObject[] FindShared(IReadOnlyList<JsonObject> schemas)
    {
        var seen = new Dictionary<string, (JsonObject Node, List<string> Names)>();
        foreach (var schema in schemas) Visit(schema, "");
        var shared = new List<JsonObject>();
        foreach ((string key, (JsonObject node, List<string> names)) in seen.Where(e => e.Value.Names.Count > 1
            && e.Value.Node["properties"]!.AsObject().Count >= LeastSharedFields))
        {
            var name = names.GroupBy(n => n).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).First().Key;
            _sections[key] = _sections.ContainsValue(name)
                ? $"{name}-{_sections.Values.Count(n => n.StartsWith(name, StringComparison.Ordinal)) + 1}" : name;
            shared.Add(node);
        }
        return [.. shared.OrderBy(node => _sections[Key(node)], StringComparer.Ordinal)];

        void Visit(JsonObject node, string name)
        {
            if (name.Length > 0 && name is not ("spec" or "status"))
            {
                if (!seen.TryGetValue(Key(node), out var entry)) seen[Key(node)] = entry = (node, []);
                entry.Names.Add(name);
            }
            foreach (var (child, value) in node["properties"]!.AsObject())
                if (Inner(value!.AsObject()) is { } inner) Visit(inner, child);
        }
    }

    /// <summary>What makes two objects the same: their fields and rules, whatever is said about the place where they stand.</summary>
    private static string Key(JsonObject node) => node["properties"]!.ToJsonString() + node["required"]?.ToJsonString()
        + node["x-kubernetes-validations"]?.ToJsonString();
}
