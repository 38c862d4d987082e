using System.Text.Json.Nodes;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

/// <summary>The recordings of a real API server, which lie beside the repository; tests that read them are skipped where they are absent.</summary>
internal static class Recordings
{
    public static string Folder => SharedFolder.Of("apiserver");

    /// <summary>Every object of the kind in any answer of any case, with the placeholders filled in.</summary>
    public static IEnumerable<(string Where, JsonObject Body)> Objects(string apiVersion, string kind)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, "cases"), "*.json", SearchOption.AllDirectories).Order())
        {
            var steps = JsonNode.Parse(File.ReadAllText(file))!["steps"]!.AsArray();
            foreach (var step in steps)
            {
                var where = $"{Path.GetFileNameWithoutExtension(file)}/{step!["id"]}";
                var answers = new[] { step["response"]?["body"], step["response"]?["events"], step["progression"] };
                foreach (var found in answers.SelectMany(a => Find(a, apiVersion, kind)))
                {
                    yield return (where, (JsonObject)Fill(found)!);
                }
            }
        }
    }

    private static IEnumerable<JsonObject> Find(JsonNode? node, string apiVersion, string kind) => node switch
    {
        JsonObject o when Text(o["kind"]) == kind && Text(o["apiVersion"]) == apiVersion && o.ContainsKey("metadata") => [o],
        JsonObject o => o.SelectMany(p => Find(p.Value, apiVersion, kind)),
        JsonArray a => a.SelectMany(i => Find(i, apiVersion, kind)),
        _ => [],
    };

    private static string? Text(JsonNode? node) => node is JsonValue v && v.TryGetValue<string>(out var s) ? s : null;

    private static JsonNode? Fill(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o:
                return new JsonObject(o.Select(p => KeyValuePair.Create(p.Key, Fill(p.Value))));
            case JsonArray a:
                return new JsonArray(a.Select(Fill).ToArray());
            default:
                return Text(node) switch
                {
                    "${int}" => JsonValue.Create(7),
                    "${time}" => JsonValue.Create("2026-07-01T10:11:12Z"),
                    "${microtime}" => JsonValue.Create("2026-07-01T10:11:12.034500Z"),
                    _ => node?.DeepClone(),
                };
        }
    }
}
