using System.Text.Encodings.Web;

namespace LightReasoner.DevCluster.Json;

/// <summary>Short ways to read and write the JSON documents that the API is made of.</summary>
internal static class JsonAccess
{
    public static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 256,
    };

    /// <summary>The value under a chain of keys, or null where one of them is missing.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (node is not JsonObject o || !o.TryGetPropertyValue(key, out node))
                return null;
        }

        return node;
    }

    public static JsonObject? Map(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys) as JsonObject;

    public static JsonArray? ArrayAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys) as JsonArray;

    /// <summary>The string under a chain of keys; null when it is missing or not a string.</summary>
    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> keys)
        => node.At(keys) is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    /// <summary>The whole number under a chain of keys; null when it is missing or not one.</summary>
    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> keys)
    {
        if (node.At(keys) is not JsonValue v || v.GetValueKind() != JsonValueKind.Number)
            return null;
        if (v.TryGetValue(out long l))
            return l;
        if (v.TryGetValue(out int i))
            return i;
        var d = v.AsDouble();
        return d == Math.Floor(d) && Math.Abs(d) < 9e18 ? (long)d : null;
    }

    public static int? Int(this JsonNode? node, params ReadOnlySpan<string> keys) => (int?)node.Number(keys);

    public static bool BoolAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.Flag(keys) == true;

    public static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> keys)
        => (node.At(keys) as JsonValue)?.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    /// <summary>The strings of a list; nothing where it is missing.</summary>
    public static IEnumerable<string> Strings(this JsonNode? node, params ReadOnlySpan<string> keys)
        => node.At(keys) is JsonArray a ? a.Select(i => i.Text()).OfType<string>() : [];

    /// <summary>The string-to-string entries of a map such as labels.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Entries(this JsonNode? node, params ReadOnlySpan<string> keys)
        => (node.Map(keys) ?? []).Where(e => e.Value.Text() is not null).Select(e => KeyValuePair.Create(e.Key, e.Value.Text()!));

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> keys)
        => DateTimeOffset.TryParse(node.Text(keys), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var t)
            ? t.ToUniversalTime()
            : null;

    /// <summary>The objects of a list; nothing where it is missing.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> keys)
        => (node.At(keys) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static double AsDouble(this JsonValue v)
        => v.TryGetValue(out double d) ? d
            : v.TryGetValue(out long l) ? l
            : v.TryGetValue(out int i) ? i
            : double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture);

    /// <summary>The object under <paramref name="key"/>, made when it is missing.</summary>
    public static JsonObject Ensure(this JsonObject o, string key)
    {
        if (o[key] is JsonObject child)
            return child;
        child = [];
        o[key] = child;
        return child;
    }

    /// <summary>Sets <paramref name="key"/> unless it has a value already.</summary>
    public static void Default(this JsonObject o, string key, JsonNode? value)
    {
        if (o[key] is null)
            o[key] = value;
    }

    /// <summary>Sets the key, or removes it when the value is null.</summary>
    public static void SetOrRemove(this JsonObject o, string key, JsonNode? value)
    {
        if (value is null)
            o.Remove(key);
        else
            o[key] = value;
    }

    public static JsonObject Copy(this JsonObject o) => (JsonObject)o.DeepClone();

    public static string ToText(this JsonNode? node) => node is null ? "null" : node.ToJsonString(Plain);

    public static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    /// <summary>Sets a value at a path and makes the maps on the way.</summary>
    public static void Set(this JsonObject o, JsonNode? value, params ReadOnlySpan<string> path)
    {
        foreach (var key in path[..^1])
            o = o.Ensure(key);
        o[path[^1]] = value;
    }

    /// <summary>RFC 3339 in UTC with whole seconds, as metav1.Time is written.</summary>
    public static string ToKubernetesTime(this DateTimeOffset t)
        => t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 3339 in UTC with six digits of a second, as metav1.MicroTime is written.</summary>
    public static string ToKubernetesMicroTime(this DateTimeOffset t)
        => t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static JsonArray ToJsonArray(this IEnumerable<string> items) => Strings(items);

    public static JsonArray ToJsonArray(this IEnumerable<JsonObject> items) => new([.. items]);

    public static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);

    // metadata
    public static JsonObject Metadata(this JsonObject o) => o.Ensure("metadata");

    public static string Name(this JsonObject o) => o.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonObject o) => o.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonObject o) => o.Text("metadata", "uid") ?? "";

    /// <summary>namespace/name, or the name alone for cluster-scoped objects.</summary>
    public static string Key(this JsonObject o) => o.Namespace() is { Length: > 0 } ns ? $"{ns}/{o.Name()}" : o.Name();

    /// <summary>The owner reference with <c>controller: true</c>, if there is one.</summary>
    public static JsonObject? ControllerReference(this JsonObject o)
        => o.Items("metadata", "ownerReferences").FirstOrDefault(r => r.BoolAt("controller"));

    /// <summary>The owner reference with which an object controls another.</summary>
    public static JsonObject ToOwnerReference(this JsonObject o) => new()
    {
        ["apiVersion"] = o.ApiVersion(),
        ["kind"] = o.Kind(),
        ["name"] = o.Name(),
        ["uid"] = o.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static string Kind(this JsonObject o) => o.Text("kind") ?? "";

    public static string ApiVersion(this JsonObject o) => o.Text("apiVersion") ?? "";

    public static void RemoveFinalizer(this JsonObject o, string finalizer)
    {
        var rest = o.Strings("metadata", "finalizers").Where(f => f != finalizer).ToList();
        o.Metadata().SetOrRemove("finalizers", rest.Count == 0 ? null : Strings(rest));
    }

    /// <summary>The condition of a type in the status; null when there is none.</summary>
    public static JsonObject? Condition(this JsonNode? o, string type)
        => o.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    public static bool HasCondition(this JsonNode? o, string type) => o.Condition(type).Text("status") == "True";

    /// <summary>Adds or changes a condition of the status; its transition time stays while its status does.</summary>
    public static void SetCondition(this JsonObject o, string now, string type, bool status, string? reason = null, string? message = null)
    {
        var old = o.Condition(type);
        var value = status ? "True" : "False";
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastTransitionTime"] = old.Text("status") == value ? old.Text("lastTransitionTime") : now,
        };
        condition.SetOrRemove("reason", reason);
        condition.SetOrRemove("message", message);
        var parent = o.Ensure("status");
        if (parent["conditions"] is not JsonArray list)
            parent["conditions"] = list = [];
        if (old is null)
            list.Add(condition);
        else
            list[list.IndexOf(old)] = condition;
    }

    public static bool IsDeleting(this JsonObject o) => o.At("metadata", "deletionTimestamp") is not null;
}
