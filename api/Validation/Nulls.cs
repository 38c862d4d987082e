using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Validation;

/// <summary>
/// A field that is given as null counts as left out, as an API server sees it for fields that are not nullable. Entries of lists and what
/// lies within a piece of Kubernetes' own API stay as they are.
/// </summary>
internal static class Nulls
{
    public static void Drop(Type type, JsonObject node)
    {
        foreach (var property in ApiProperty.Of(type))
        {
            switch (node[property.Name])
            {
                case null:
                    node.Remove(property.Name);
                    break;
                case JsonObject inner when property.Shape == Shape.Object:
                    Drop(property.Type, inner);
                    break;
                case JsonArray list when property is { Shape: Shape.List, ItemShape: Shape.Object }:
                    foreach (var item in list.OfType<JsonObject>()) Drop(property.ItemType!, item);
                    break;
                case JsonObject map when property.Shape == Shape.Map:
                    foreach (var key in map.Where(entry => entry.Value is null).Select(entry => entry.Key).ToList()) map.Remove(key);
                    break;
            }
        }
    }
}
