using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Tables;

/// <summary>One column of a Table. Priority 0 is always shown, 1 only by <c>-o wide</c>.</summary>
internal sealed record Column(string Name, string Type = "string", string Format = "", string Description = "", int Priority = 0)
{
    public static readonly Column NameColumn = new("Name", Format: "name", Description:
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names");

    public const string TimestampDescription =
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

    public static readonly Column Age = new("Age", Description: TimestampDescription);

    public static readonly IReadOnlyList<Column> NameAndAge = [NameColumn, Age];

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };
}
