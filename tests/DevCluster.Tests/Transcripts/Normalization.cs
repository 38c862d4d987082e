using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>What is done to an actual answer before it is compared, and how loosely parts of it are compared.</summary>
internal sealed class Normalization
{
    private readonly List<JsonObject> operations = [];

    public Normalization(params JsonArray?[] lists)
    {
        foreach (var list in lists)
            operations.AddRange(list?.OfType<JsonObject>() ?? []);
    }

    public JsonNode? Apply(JsonNode? actual)
    {
        actual = actual?.DeepClone();
        foreach (var operation in operations)
        {
            switch (operation["op"]!.GetValue<string>())
            {
                case "remove":
                    foreach (var place in PathExpression.Places(actual, operation["path"]!.GetValue<string>()).Reverse().ToList())
                        Remove(actual, PathExpression.Steps(place));
                    break;
                case "project":
                    actual = Keep(actual, [.. operation["paths"]!.AsArray().Select(p => PathExpression.Parse(p!.GetValue<string>()))]);
                    break;
                case "only":
                    Only(actual, operation);
                    break;
            }
        }

        return actual;
    }

    /// <summary>The places of the recorded body that an operation names.</summary>
    public HashSet<string> Places(string op, JsonNode? recorded)
        => [.. operations.Where(o => o["op"]!.GetValue<string>() == op)
            .SelectMany(o => PathExpression.Places(recorded, o["path"]!.GetValue<string>()))];

    private static void Remove(JsonNode? node, string[] steps)
    {
        foreach (var step in steps[..^1])
            node = PathExpression.Child(node, step);
        switch (node)
        {
            case JsonObject o:
                o.Remove(steps[^1]);
                break;
            case JsonArray a:
                a.RemoveAt(int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    // Objects and lists on the way to a path stay, also where the path itself is missing.
    private static JsonNode? Keep(JsonNode? node, List<string[]> paths)
    {
        if (paths.Exists(p => p.Length == 0) || node is not (JsonObject or JsonArray))
            return node?.DeepClone();
        var kept = new List<(string Step, JsonNode? Value)>();
        foreach (var (step, value) in PathExpression.Children(node))
        {
            var below = paths.Where(p => p[0] == step || p[0] == PathExpression.Any).Select(p => p[1..]).ToList();
            if (below.Count > 0 && (value is JsonObject or JsonArray || below.Exists(p => p.Length == 0)))
                kept.Add((step, Keep(value, below)));
        }

        return node is JsonArray
            ? new JsonArray([.. kept.Select(k => k.Value)])
            : new JsonObject(kept.Select(k => KeyValuePair.Create(k.Step, k.Value)));
    }

    private static void Only(JsonNode? actual, JsonObject operation)
    {
        var values = operation["values"]!.AsArray().Select(v => v!.ToString()).ToHashSet();
        var key = operation["key"]!.GetValue<string>();
        foreach (var place in PathExpression.Places(actual, operation["path"]!.GetValue<string>()).ToList())
        {
            var list = PathExpression.Steps(place).Aggregate(actual, PathExpression.Child) as JsonArray ?? [];
            foreach (var item in list.Where(i => !values.Contains(PathExpression.At(i, "$." + key)?.ToString() ?? "")).ToList())
                list.Remove(item);
        }
    }
}
