using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

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

    public static JsonObject? ObjectAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys) as JsonObject;

    public static JsonArray? ArrayAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys) as JsonArray;

    /// <summary>The string under a chain of keys; null when it is missing or not a string.</summary>
    public static string? StringAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys).AsString();

    /// <summary>The objects of a list; nothing where it is missing.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> keys) => (node.At(keys) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static bool BoolAt(this JsonNode? node, params ReadOnlySpan<string> keys)
        => node.At(keys) is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    public static long? LongAt(this JsonNode? node, params ReadOnlySpan<string> keys) => node.At(keys).AsLong();

    public static string? AsString(this JsonNode? node)
        => node is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    public static long? AsLong(this JsonNode? node)
    {
        if (node is not JsonValue v || v.GetValueKind() != JsonValueKind.Number)
            return null;
        if (v.TryGetValue(out long l))
            return l;
        if (v.TryGetValue(out int i))
            return i;
        var d = v.AsDouble();
        return d == Math.Floor(d) && Math.Abs(d) < 9e18 ? (long)d : null;
    }

    public static double AsDouble(this JsonValue v)
        => v.TryGetValue(out double d) ? d
            : v.TryGetValue(out long l) ? l
            : v.TryGetValue(out int i) ? i
            : double.Parse(v.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

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

    public static string Text(this JsonNode? node) => node is null ? "null" : node.ToJsonString(Plain);

    public static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    public static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);

    public static IEnumerable<string> StringItems(this JsonNode? node)
        => node is JsonArray a ? a.Select(i => i.AsString()).OfType<string>() : [];

    // metadata
    public static JsonObject Metadata(this JsonObject o) => o.Ensure("metadata");

    public static string Name(this JsonObject o) => o.StringAt("metadata", "name") ?? "";

    public static string Namespace(this JsonObject o) => o.StringAt("metadata", "namespace") ?? "";

    public static string Uid(this JsonObject o) => o.StringAt("metadata", "uid") ?? "";

    public static string Kind(this JsonObject o) => o.StringAt("kind") ?? "";

    public static string ApiVersion(this JsonObject o) => o.StringAt("apiVersion") ?? "";

    public static void RemoveFinalizer(this JsonObject o, string finalizer)
    {
        var rest = o.At("metadata", "finalizers").StringItems().Where(f => f != finalizer).ToList();
        o.Metadata().SetOrRemove("finalizers", rest.Count == 0 ? null : Strings(rest));
    }

    /// <summary>The condition of a type in the status; null when there is none.</summary>
    public static JsonObject? Condition(this JsonNode? o, string type) => o.Items("status", "conditions").FirstOrDefault(c => c.StringAt("type") == type);

    public static bool HasCondition(this JsonNode? o, string type) => o.Condition(type).StringAt("status") == "True";

    /// <summary>Adds or changes a condition of the status; its transition time stays while its status does.</summary>
    public static void SetCondition(this JsonObject o, string now, string type, bool status, string reason, string message)
    {
        var old = o.Condition(type);
        var value = status ? "True" : "False";
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastTransitionTime"] = old.StringAt("status") == value ? old.StringAt("lastTransitionTime") : now,
            ["reason"] = reason,
            ["message"] = message,
        };
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
