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

    private static JsonNode? Cell(Column column, JsonNode? value, DateTimeOffset now) => value switch
    {
        null => null,
        _ when column.Type == "date" => TableText.Since(value.Text(), now),
        _ when column.Type == "string" => value.Text() ?? value.ToText(),
        _ => value.DeepClone(),
    };
}
