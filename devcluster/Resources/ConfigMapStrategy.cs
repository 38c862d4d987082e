using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class ConfigMapStrategy : ResourceStrategy
{
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Data", Description: "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process."),
        Column.Age,
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), (o.ObjectAt("data")?.Count ?? 0) + (o.ObjectAt("binaryData")?.Count ?? 0), TableText.Age(o, now)];

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => DataKeys.Validate(o, "data", "binaryData");

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
        => [.. DataKeys.Immutable(o, old, "data", "binaryData"), .. ValidateCreate(o)];
}
