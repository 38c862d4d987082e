using System.Text.Json.Nodes;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>
/// The OpenAPI documents recorded from a real API server, to hold objects against: known fields, types, required fields, enums.
/// </summary>
internal sealed class OpenApiDocuments
{
    private static readonly Lazy<OpenApiDocuments> s_recorded = new(() => Read(SharedFolder.Of("apiserver/docs/openapi-v3")));

    private readonly Dictionary<string, JsonObject> schemas = [];
    private readonly Dictionary<string, string> byKind = [];

    /// <summary>Skips the test where there are no recordings.</summary>
    public static OpenApiDocuments Load()
    {
        SharedFolder.Of("apiserver/docs/openapi-v3");
        return s_recorded.Value;
    }

    private static OpenApiDocuments Read(string folder)
    {
        var documents = new OpenApiDocuments();
        foreach (var file in Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories))
            foreach (var (name, schema) in JsonNode.Parse(File.ReadAllText(file))!["components"]?["schemas"]?.AsObject() ?? [])
            {
                documents.schemas[name] = schema!.AsObject();
                foreach (var kind in schema["x-kubernetes-group-version-kind"]?.AsArray() ?? [])
                    documents.byKind[$"{kind!["group"]}/{kind["version"]}/{kind["kind"]}"] = name;
            }
        return documents;
    }

    /// <summary>What is wrong with an object; null for a kind that was not recorded.</summary>
    public IReadOnlyList<string>? Check(JsonObject o)
    {
        var version = (string)o["apiVersion"]!;
        return byKind.TryGetValue($"{(version.Contains('/') ? version : "/" + version)}/{o["kind"]}", out var name)
            ? Check(o, name) : null;
    }

    /// <summary>What is wrong with a part of an object, by its schema's name.</summary>
    public IReadOnlyList<string> Check(JsonNode part, string schema)
    {
        var errors = new List<string>();
        Check(part, schemas[schema], "", errors);
        return errors;
    }

    private void Check(JsonNode? value, JsonObject schema, string path, List<string> errors)
    {
        if ((schema["$ref"] ?? schema["allOf"]?[0]?["$ref"]) is { } reference)
        {
            Check(value, schemas[((string)reference!).Split('/')[^1]], path, errors);
            return;
        }
        if (value is null)
        {
            if ((bool?)schema["nullable"] != true) errors.Add($"{path}: null");
            return;
        }
        if (schema["enum"] is JsonArray choices && choices.All(c => c!.ToJsonString() != value.ToJsonString()))
            errors.Add($"{path}: {value} is not one of {choices.ToJsonString()}");
        if (!Fits(value, (string?)schema["type"], schema)) errors.Add($"{path}: {value.ToJsonString()} is not {schema["type"]}");
        if (value is JsonArray list && schema["items"] is JsonObject items)
            for (int i = 0; i < list.Count; i++) Check(list[i], items, $"{path}[{i}]", errors);
        if (value is not JsonObject map) return;
        foreach (var required in (schema["required"] as JsonArray ?? []).Select(r => (string)r!).Where(r => !map.ContainsKey(r)))
            errors.Add($"{path}.{required}: is required");
        if ((bool?)schema["x-kubernetes-preserve-unknown-fields"] == true) return;
        foreach (var (key, field) in map)
        {
            if (schema["properties"]?[key] is JsonObject property) Check(field, property, $"{path}.{key}", errors);
            else if (schema["additionalProperties"] is JsonObject additional) Check(field, additional, $"{path}.{key}", errors);
            else if (schema["properties"] is not null) errors.Add($"{path}.{key}: is not a known field");
        }
    }

    private static bool Fits(JsonNode value, string? type, JsonObject schema) => type switch
    {
        _ when (bool?)schema["x-kubernetes-int-or-string"] == true || (string?)schema["format"] == "int-or-string" => value is JsonValue,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "boolean" => value.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "integer" => value.GetValueKind() == System.Text.Json.JsonValueKind.Number && !value.ToJsonString().Contains('.'),
        "number" => value.GetValueKind() == System.Text.Json.JsonValueKind.Number,
        _ => true,
    };
}
