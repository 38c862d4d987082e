using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Custom resources of one version of a CustomResourceDefinition.</summary>
internal sealed class CustomResourceStrategy : ResourceStrategy
{
    private readonly List<(Column Column, JsonPath Path)> printer = [];

    public CustomResourceStrategy(JsonObject version)
    {
        foreach (var c in version.Items("additionalPrinterColumns"))
        {
            var path = c.Text("jsonPath") ?? "";
            var description = c.Text("description") is { Length: > 0 } d ? d
                : $"Custom resource definition column (in JSONPath format): {path}";
            printer.Add((new Column(c.Text("name") ?? "", c.Text("type") ?? "string", c.Text("format") ?? "", description,
                (int)(c.Number("priority") ?? 0)), JsonPath.Parse(path)));
        }

        if (printer.Count == 0)
            printer.Add((new Column("Age", "date"), JsonPath.Parse(".metadata.creationTimestamp")));
        Columns = [.. Column.Parse("Name"), .. printer.Select(p => p.Column)];
    }

    public override bool HasGeneration => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; }

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var cells = new JsonArray { o.Name() };
        foreach (var (column, path) in printer)
            cells.Add(Cell(column, path.Find(o).FirstOrDefault(), now));
        return cells;
    }

    private static JsonNode? Cell(Column column, JsonNode? value, DateTimeOffset now) => column.Type switch
    {
        _ when value is null => null,
        "integer" => value.Number() is { } l ? l : value is JsonValue v && v.GetValueKind() == JsonValueKind.Number
            ? (long)v.AsDouble() : null,
        "number" => value is JsonValue v && v.GetValueKind() == JsonValueKind.Number ? v.DeepClone() : null,
        "boolean" => value is JsonValue v && v.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.DeepClone() : null,
        "date" => value.Text() is not { } text ? null : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? TableText.Since(text, now) : "<invalid>",
        _ => Plain(value),
    };

    /// <summary>As Go prints a value: <c>map[a:1 b:x]</c>, <c>[a b]</c>.</summary>
    private static string Plain(JsonNode? value) => value switch
    {
        JsonObject o => $"map[{string.Join(' ', o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{Plain(p.Value)}"))}]",
        JsonArray a => $"[{string.Join(' ', a.Select(Plain))}]",
        null => "<nil>",
        _ => value.Text() ?? value.ToText(),
    };
}
