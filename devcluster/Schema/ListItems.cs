using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Schema;

/// <summary>Which item of a list before an update is the same as one after it.</summary>
internal static class ListItems
{
    /// <summary>Only items of lists by key can be told; null for others, and for an item that is new.</summary>
    public static JsonNode? Before(TypeSchema list, JsonNode? item, JsonArray? old)
        => list.ListType == "map" && old is not null
            ? old.FirstOrDefault(o => list.ListMapKeys.All(k => JsonAccess.Same(o.At(k), item.At(k))))
            : null;
}
