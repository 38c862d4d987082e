using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Client;

/// <summary>Reading Kubernetes objects as JSON trees: a missing step anywhere on the path reads as null.</summary>
internal static class JsonExtensions
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (node is not JsonObject o || !o.TryGetPropertyValue(step, out node)) return null;
        }
        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue v || v.GetValueKind() != JsonValueKind.Number) return null;
        return long.TryParse(v.ToJsonString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : null;
    }

    public static int? Int(this JsonNode? node, params ReadOnlySpan<string> path) => (int?)node.Number(path);

    public static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue v ? v.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null } : null;

    public static JsonObject? Map(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    /// <summary>The objects of a list; nothing when the list is absent.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray a ? a.OfType<JsonObject>() : [];

    /// <summary>The strings of a list; nothing when the list is absent.</summary>
    public static IEnumerable<string> Strings(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray a ? a.Select(i => i.Text()).OfType<string>() : [];

    /// <summary>The string-to-string entries of a map such as labels.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Entries(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonObject o
            ? o.Where(e => e.Value.Text() is not null).Select(e => KeyValuePair.Create(e.Key, e.Value.Text()!))
            : [];

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Text(path) is { } s
        && DateTimeOffset.TryParse(s, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var t)
            ? t : null;

    public static string Name(this JsonObject o) => o.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonObject o) => o.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonObject o) => o.Text("metadata", "uid") ?? "";

    /// <summary>namespace/name, or the name alone for cluster-scoped objects.</summary>
    public static string Key(this JsonObject o) => o.Namespace() is { Length: > 0 } ns ? $"{ns}/{o.Name()}" : o.Name();

    /// <summary>The owner reference with <c>controller: true</c>, if there is one.</summary>
    public static JsonObject? ControllerReference(this JsonObject o) =>
        o.Items("metadata", "ownerReferences").FirstOrDefault(r => r.Flag("controller") == true);

    /// <summary>Sets a value at a path and makes the maps on the way.</summary>
    public static void Set(this JsonObject o, JsonNode? value, params ReadOnlySpan<string> path)
    {
        for (var i = 0; i < path.Length - 1; i++)
        {
            if (o[path[i]] is not JsonObject next) o[path[i]] = next = [];
            o = next;
        }
        o[path[^1]] = value;
    }

    /// <summary>RFC 3339 in UTC with whole seconds, as metav1.Time is written.</summary>
    public static string ToKubernetesTime(this DateTimeOffset t) =>
        t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 3339 in UTC with six digits of a second, as metav1.MicroTime is written.</summary>
    public static string ToKubernetesMicroTime(this DateTimeOffset t) =>
        t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static JsonArray ToJsonArray(this IEnumerable<string> items) => new([.. items.Select(i => (JsonNode)i)]);

    public static JsonArray ToJsonArray(this IEnumerable<JsonObject> items) => new([.. items]);
}
