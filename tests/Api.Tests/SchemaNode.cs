using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Tests;

/// <summary>A place in a definition's schema.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Schema">What is said there.</param>
/// <param name="MostOccurrences">How many values of it one object may have.</param>
/// <param name="IsCorrelated">Whether its value before an update can be told.</param>
internal sealed record SchemaNode(string Path, JsonObject Schema, double MostOccurrences, bool IsCorrelated)
{
    /// <summary>As many elements as fit into the largest request (3 MiB), of one character and its comma.</summary>
    private const double Unbounded = 3 * 1024 * 1024 / 2.0;

    public string? Type => (string?)Schema["type"];

    /// <summary>Characters, items or entries that a value may have.</summary>
    public double MostElements => Type switch
    {
        "string" when Schema["enum"] is JsonArray choices => choices.Max(choice => ((string)choice!).Length),
        "string" when Schema["format"] is not null => 64,
        // A character is up to four bytes.
        "string" => Number("maxLength") * 4 ?? 2 * Unbounded,
        "array" => Number("maxItems") ?? Unbounded,
        "object" when Schema["additionalProperties"] is not null => Number("maxProperties") ?? Unbounded,
        "object" when Schema["x-kubernetes-preserve-unknown-fields"] is not null => Unbounded,
        null => 2 * Unbounded,
        _ => 1,
    };

    public static IEnumerable<SchemaNode> Of(RunKind kind) =>
        new SchemaNode("", CrdGenerator.Definition(kind)["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject(),
            1, true).WithChildren();

    /// <summary>The field that a path of names leads to from here; null for none.</summary>
    public SchemaNode? Find(string path)
    {
        var at = this;
        foreach (var name in path.Split('.')) at = at?.Fields().FirstOrDefault(field => field.Path == $"{at.Path}.{name}");
        return at;
    }

    /// <summary>What is wrong with a value of this place, unknown fields included.</summary>
    public IEnumerable<string> Problems(JsonNode value)
    {
        var said = value.ToJsonString();
        var kind = value.GetValueKind();
        double? number = kind == JsonValueKind.Number ? double.Parse(said, System.Globalization.CultureInfo.InvariantCulture) : null;
        string? text = kind == JsonValueKind.String ? (string?)value : null;
        var fits = Type switch
        {
            "object" => value is JsonObject,
            "array" => value is JsonArray,
            "string" => text is not null,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "integer" => number == Math.Floor(number ?? 0.5),
            "number" => number is not null,
            _ => text is not null || number == Math.Floor(number ?? 0.5),
        };
        var inRange = !(number < Number("minimum")) && !(number > Number("maximum"))
            && !((bool?)Schema["exclusiveMinimum"] == true && number == Number("minimum"))
            && !((bool?)Schema["exclusiveMaximum"] == true && number == Number("maximum"))
            && !(text?.Length > Number("maxLength")) && !(text?.Length < Number("minLength"))
            && !((value as JsonArray)?.Count > Number("maxItems")) && !((value as JsonArray)?.Count < Number("minItems"))
            && (Schema["enum"] is not JsonArray choices || choices.Any(choice => (string?)choice == text))
            && (Schema["pattern"] is not { } pattern || text is not null
                && System.Text.RegularExpressions.Regex.IsMatch(text, (string)pattern!));
        if (!fits || !inRange) yield return $"{Path}: the default has {said}";
        foreach (var (name, inner) in value as JsonObject ?? [])
        {
            if (Find(name) is not { } field) yield return $"{Path}: the default has an unknown field {name}";
            else foreach (var problem in field.Problems(inner!)) yield return problem;
        }
        if (value is JsonArray list && Items() is { } items)
            foreach (var problem in list.SelectMany(item => items.Problems(item!))) yield return problem;
    }

    private double? Number(string key) => Schema[key] is { } number
        ? double.Parse(number.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : null;

    private IEnumerable<SchemaNode> WithChildren() => Children().SelectMany(child => child.WithChildren()).Prepend(this);

    private IEnumerable<SchemaNode> Children() => Items() is { } items ? [.. Fields(), items] : Fields();

    private IEnumerable<SchemaNode> Fields() =>
        (Schema["properties"]?.AsObject() ?? []).Select(field =>
            this with { Path = $"{Path}.{field.Key}", Schema = field.Value!.AsObject() });

    private SchemaNode? Items() => (Schema["items"] ?? Schema["additionalProperties"]) is JsonObject items
        ? this with
        {
            Path = $"{Path}[*]",
            Schema = items,
            MostOccurrences = MostOccurrences * MostElements,
            IsCorrelated = IsCorrelated && (Type == "object" || (string?)Schema["x-kubernetes-list-type"] == "map"),
        }
        : null;
}
