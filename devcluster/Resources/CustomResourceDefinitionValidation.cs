using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of CustomResourceDefinitions: names, one version, a schema with types whose rules and defaults are good.</summary>
internal static class CustomResourceDefinitionValidation
{
    public static IEnumerable<FieldError> Check(JsonObject o, JsonObject? old)
    {
        var errors = new List<FieldError>();
        var spec = o.Map("spec") ?? [];
        if (o.Name() != $"{spec.Text("names", "plural")}.{spec.Text("group")}")
            errors.Add(FieldError.Invalid("metadata.name", o.Name(), "must be spec.names.plural+\".\"+spec.group"));
        if (spec.Text("scope") is not ("Cluster" or "Namespaced") and var scope)
            errors.Add(FieldError.NotSupported("spec.scope", scope ?? "", "Cluster", "Namespaced"));
        foreach (var field in new[] { "plural", "singular", "kind", "listKind" })
        {
            var name = spec.Text("names", field) ?? "";
            errors.AddRange(name.Length == 0 ? [FieldError.Required($"spec.names.{field}")]
                : Names.Label1035Name(field.EndsWith("ind", StringComparison.Ordinal) ? name.ToLowerInvariant() : name,
                $"spec.names.{field}"));
        }

        if (spec.Items("versions").ToList() is not [{ } version] || !version.BoolAt("served") || !version.BoolAt("storage"))
            errors.Add(FieldError.Invalid("spec.versions", spec["versions"],
                "must be one version that is served and stored: the development cluster has no others"));
        else if (version.Map("schema", "openAPIV3Schema") is not { } schema)
            errors.Add(FieldError.Required("spec.versions[0].schema.openAPIV3Schema", "schemas are required"));
        else
            CheckSchema(schema, "spec.validation.openAPIV3Schema", isRoot: true, errors);
        foreach (var path in new[] { "scope", "names.kind", "group", "names.plural" })
        {
            if (old is not null && spec.At(path.Split('.')) is var value && !JsonAccess.Same(value, old.At(["spec", .. path.Split('.')])))
                errors.Add(FieldError.Invalid($"spec.{path}", value, "field is immutable"));
        }

        return errors;
    }

    private static void CheckSchema(JsonObject s, string path, bool isRoot, List<FieldError> errors)
    {
        if (s.Text("type") is null or "" && !s.BoolAt("x-kubernetes-int-or-string") && !s.BoolAt("x-kubernetes-preserve-unknown-fields"))
            errors.Add(FieldError.Required($"{path}.type",
                $"must not be empty {(isRoot ? "at the root" : path.EndsWith(".items", StringComparison.Ordinal) ? "for specified array items" : "for specified object fields")}"));
        foreach (var (rule, i) in s.Items("x-kubernetes-validations").Select((r, i) => (r, i)))
        {
            foreach (var field in new[] { "rule", "messageExpression" })
            {
                if (rule.Text(field) is { Length: > 0 } expression && CelRules.Problem(expression) is { } problem)
                    errors.Add(FieldError.Invalid($"{path}.x-kubernetes-validations[{i}].{field}", expression,
                        $"compilation failed: ERROR: {problem}"));
            }
        }

        if (s["default"] is { } value && errors.Count == 0)
            errors.AddRange(Validation.Check(value, StructuralSchema.Read(s), $"{path}.default", $"{path}.default"));
        foreach (var (name, child) in s.Map("properties") ?? [])
        {
            if (child is JsonObject property && !(isRoot && name == "metadata"))
                CheckSchema(property, $"{path}.properties[{name}]", isRoot: false, errors);
        }

        foreach (var field in new[] { "items", "additionalProperties" })
        {
            if (s[field] is JsonObject inner)
                CheckSchema(inner, $"{path}.{field}", isRoot: false, errors);
        }
    }
}
