using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Schema;

/// <summary>Fills in the defaults of a schema.</summary>
internal static class Defaulting
{
    public static void Apply(JsonNode? value, TypeSchema schema)
    {
        if (value is JsonArray list)
        {
            if (schema.Items is { } items)
            {
                foreach (var item in list)
                    Apply(item, items);
            }

            return;
        }

        if (value is not JsonObject o)
            return;
        foreach (var (key, member) in schema.Properties)
        {
            if (member.Default is not null && (!o.TryGetPropertyValue(key, out var now) || (now is null && !member.Nullable)))
                o[key] = member.Default.DeepClone();
        }

        foreach (var (key, child) in o.ToList())
        {
            if (schema.Member(key) is { } member && member.Name is null)
                Apply(child, member);
        }
    }

    /// <summary>Removes null where a field is neither nullable nor defaulted: such a null says "absent".</summary>
    public static void DropNulls(JsonNode? value, TypeSchema schema)
    {
        if (value is JsonArray list)
        {
            if (schema.Items is { } items)
            {
                foreach (var item in list)
                    DropNulls(item, items);
            }

            return;
        }

        if (value is not JsonObject o)
            return;
        foreach (var (key, child) in o.ToList())
        {
            if (schema.Member(key) is not { } member)
                continue;
            if (child is null && !member.Nullable && member.Default is null)
                o.Remove(key);
            else
                DropNulls(child, member);
        }
    }
}
