using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

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
            var value = o[key];
            if (path.Length == 0 && key is "kind" or "apiVersion")
                continue;
            var member = schema.Member(key);
            if (member is null)
            {
                if (schema.PreserveUnknown && schema.Properties.Count == 0)
                    continue;
                unknown.Add(child);
                o.Remove(key);
            }
            else if (value is null)
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
            case JsonObject o:
                return schema.Type == "object" ? Decode(o, schema, unknown, path) : Wrong("object", schema, path);
            case JsonArray a:
                if (schema.Type != "array")
                    return Wrong("array", schema, path);
                for (var i = 0; i < a.Count; i++)
                {
                    if (a[i] is { } item && Value(item, schema.Items!, unknown, $"{path}[{i}]") is { } error)
                        return error;
                }

                return null;
            case JsonValue v:
                return Scalar(v, schema, path);
            default:
                return null;
        }
    }

    private static string? Scalar(JsonValue v, TypeSchema schema, string path)
    {
        var kind = v.GetValueKind();
        if (schema.IntOrString)
        {
            if (schema.Format == "quantity" && kind is JsonValueKind.String && !IsQuantity(v.GetValue<string>()))
                return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
            return kind is JsonValueKind.String || v.Number() is not null || (schema.Format == "quantity" && kind is JsonValueKind.Number)
                ? null
                : Wrong(Name(kind), schema, path);
        }

        var fits = schema.Type switch
        {
            "string" => kind is JsonValueKind.String,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "integer" => v.Number() is { } l && (schema.Format != "int32" || l is >= int.MinValue and <= int.MaxValue),
            "number" => kind is JsonValueKind.Number,
            _ => false,
        };
        if (!fits)
            return kind is JsonValueKind.Number
                ? $"json: cannot unmarshal number {v.ToText()} into Go struct field {path} of type {GoType(schema)}"
                : Wrong(Name(kind), schema, path);
        if (schema.Format == "date-time" && !Validation.IsDateTime(v.GetValue<string>()))
            return $"parsing time {FieldError(v)} as \"2006-01-02T15:04:05Z07:00\": cannot parse {FieldError(v)} as \"2006\"";
        if (schema.Format == "micro-time" && !IsMicroTime(v.GetValue<string>()))
            return $"parsing time {FieldError(v)} as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"";
        if (schema.Format == "byte" && !IsBase64(v.GetValue<string>()))
            return "illegal base64 data at input byte 0";
        return null;
    }

    private static bool IsMicroTime(string text)
        => Validation.IsDateTime(text) && text.Length > 26 && text[19] == '.' && text[20..26].All(char.IsAsciiDigit)
            && !char.IsAsciiDigit(text[26]);

    private static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[text.Length], out _);

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

    private static string FieldError(JsonValue v) => v.ToText();

    private static string Wrong(string found, TypeSchema schema, string path)
        => $"json: cannot unmarshal {found} into Go struct field {path} of type {GoType(schema)}";

    private static string GoType(TypeSchema schema) => schema.Type switch
    {
        "string" => "string",
        "boolean" => "bool",
        "integer" => schema.Format ?? "int64",
        "number" => "float64",
        "array" => "[]" + GoType(schema.Items!),
        "object" when schema.Values is not null => "map[string]" + GoType(schema.Values),
        _ => schema.Name?.Split('.')[^1] ?? "object",
    };

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => "number",
        _ => "string",
    };
}
