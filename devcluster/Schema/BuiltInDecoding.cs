namespace LightReasoner.DevCluster.Schema;

/// <summary>
/// Reads a document into the shape of a built-in type: unknown fields go, null means absent, a wrong type is an error.
/// </summary>
internal static class BuiltInDecoding
{
    /// <summary>Returns the message of the first wrong type, or null.</summary>
    public static string? Decode(JsonObject o, TypeSchema schema, List<string> unknown, string path = "")
    {
        foreach (var key in o.Select(p => p.Key).ToList())
        {
            var child = path.Length == 0 ? key : $"{path}.{key}";
            if (path.Length == 0 && key is "kind" or "apiVersion")
                continue;
            if (schema.Member(key) is not { } member)
            {
                unknown.Add(child);
                o.Remove(key);
            }
            else if (o[key] is not { } value)
            {
                if (!member.PreserveUnknown)
                    o.Remove(key);
            }
            else if (Value(value, member, unknown, child) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static string? Value(JsonNode value, TypeSchema schema, List<string> unknown, string path)
    {
        if (schema.PreserveUnknown)
            return null;
        switch (value)
        {
            case JsonObject o when schema.Type == "object":
                return Decode(o, schema, unknown, path);
            case JsonArray a when schema.Type == "array":
                return a.Select((item, i) => item is null ? null : Value(item, schema.Items!, unknown, $"{path}[{i}]"))
                    .FirstOrDefault(error => error is not null);
            case JsonValue v when Fits(v, schema):
                return null;
            default:
                return $"json: cannot unmarshal {Validation.TypeOf(value)} {(value is JsonValue ? value.ToText() + " " : "")}"
                    + $"into Go struct field {path} of type {schema.Format ?? schema.Type ?? "int or string"}";
        }
    }

    private static bool Fits(JsonValue v, TypeSchema schema) => (v.GetValueKind(), schema) switch
    {
        (JsonValueKind.String, { Format: "quantity" }) => IsQuantity(v.GetValue<string>()),
        (JsonValueKind.String, { IntOrString: true }) => true,
        (JsonValueKind.String, { Format: "date-time" or "micro-time" }) => Validation.IsDateTime(v.GetValue<string>()),
        (JsonValueKind.String, { Format: "byte" }) => System.Buffers.Text.Base64.IsValid(v.GetValue<string>()),
        (JsonValueKind.String, { Type: "string" }) => true,
        (JsonValueKind.True or JsonValueKind.False, { Type: "boolean" }) => true,
        (JsonValueKind.Number, { Format: "quantity" or "double" }) => true,
        (JsonValueKind.Number, { Format: "int32" }) => v.Number() is >= int.MinValue and <= int.MaxValue,
        (JsonValueKind.Number, { Type: "integer" } or { IntOrString: true }) => v.Number() is not null,
        _ => false,
    };

    private static bool IsQuantity(string text)
    {
        try
        {
            _ = new k8s.Models.ResourceQuantity(text).ToDecimal();
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return false;
        }
    }
}
