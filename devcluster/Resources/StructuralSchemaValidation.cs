using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Is a schema structural, do its defaults satisfy it, do its rules compile and stay affordable?</summary>
internal static class StructuralSchemaValidation
{
    public static List<FieldError> Check(JsonObject root, string path)
    {
        // Each step takes for granted what the one before has made sure of.
        var errors = StructuralInvariants.Check(root, path);
        if (errors.Count == 0)
            Defaults(root, path, errors);
        errors.AddRange(OpenApiSchemaValidation.Check(root, path));
        if (errors.Count == 0)
            errors.AddRange(SchemaRules.Check(root, path));
        return errors;
    }

    private static void Defaults(JsonObject s, string path, List<FieldError> errors)
    {
        if (s["default"] is { } value)
        {
            var schema = StructuralSchema.Read(s);
            var unknown = new List<string>();
            Pruning.Prune(value.DeepClone(), schema, unknown);
            if (unknown.Count > 0)
                errors.Add(FieldError.Invalid($"{path}.default", value, "must not have unknown fields"));
            errors.AddRange(Validation.Check(value, schema, $"{path}.default", $"{path}.default"));
        }

        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject property)
                Defaults(property, $"{path}.properties[{name}]", errors);
        }

        if (s["items"] is JsonObject items)
            Defaults(items, $"{path}.items", errors);
    }
}
