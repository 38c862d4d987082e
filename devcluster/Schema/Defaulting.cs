namespace LightReasoner.DevCluster.Schema;

/// <summary>Fills in the defaults of a schema.</summary>
internal static class Defaulting
{
    /// <summary>A null where a field is neither nullable nor defaulted says "absent", and goes.</summary>
    public static void Apply(JsonNode? value, TypeSchema schema)
    {
        foreach (var item in value as JsonArray ?? [])
        {
            if (schema.Items is { } items)
                Apply(item, items);
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
            if (schema.Member(key) is not { } member)
                continue;
            if (child is null && !member.Nullable)
                o.Remove(key);
            else if (member.Name is null)
                Apply(child, member);
        }
    }
}
