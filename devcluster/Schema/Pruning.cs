namespace LightReasoner.DevCluster.Schema;

/// <summary>Drops the fields that a schema does not know, and says which they were.</summary>
internal static class Pruning
{
    public static void Prune(JsonNode? value, TypeSchema schema, List<string> unknown, string path = "", bool isResource = false)
    {
        if (value is JsonArray list)
        {
            if (schema.Items is { } items)
            {
                for (var i = 0; i < list.Count; i++)
                    Prune(list[i], items, unknown, $"{path}[{i}]");
            }

            return;
        }

        if (value is not JsonObject o || (schema.Type is null && schema.Properties.Count == 0 && schema.Values is null))
            return;
        foreach (var key in o.Select(p => p.Key).ToList())
        {
            var child = path.Length == 0 ? key : $"{path}.{key}";
            if (isResource && key is "apiVersion" or "kind")
                continue;
            if (schema.Member(key) is { } member)
            {
                Prune(o[key], member, unknown, child);
            }
            else if (!schema.PreserveUnknown)
            {
                unknown.Add(child);
                o.Remove(key);
            }
        }
    }
}
