namespace LightReasoner.DevCluster.Resources;

/// <summary>One column of a Table. Priority 0 is always shown, 1 only by <c>-o wide</c>.</summary>
internal sealed record Column(string Name, string Type = "string", string Format = "", string Description = "", int Priority = 0)
{
    /// <summary>Columns by name, in order: <c>Name|Status|Node*</c>, with a star after those of <c>-o wide</c>.</summary>
    public static IReadOnlyList<Column> Parse(string names) =>
        [.. names.Split('|').Select(n => new Column(n.TrimEnd('*'), Format: n.TrimEnd('*') == "Name" ? "name" : "",
            Priority: n.EndsWith('*') ? 1 : 0))];

    public JsonObject ToJson()
        => new() { ["name"] = Name, ["type"] = Type, ["format"] = Format, ["description"] = Description, ["priority"] = Priority };
}
