using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of CustomResourceDefinitions.</summary>
internal static class CustomResourceDefinitionValidation
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    public static IEnumerable<FieldError> Check(JsonObject o, JsonObject? old)
    {
        var errors = new List<FieldError>();
        var spec = o.ObjectAt("spec") ?? [];
        var group = spec.StringAt("group") ?? "";
        var plural = spec.StringAt("names", "plural") ?? "";
        if (old is null && o.Name() != $"{plural}.{group}")
            errors.Add(FieldError.Invalid("metadata.name", o.Name(), "must be spec.names.plural+\".\"+spec.group"));
        if (group.Length == 0)
            errors.Add(FieldError.Required("spec.group"));
        else if (!Names.IsSubdomain(group))
            errors.AddRange(Names.Subdomain(group, "spec.group"));
        else if (!group.Contains('.'))
            errors.Add(FieldError.Invalid("spec.group", group, "should be a domain with at least one dot"));
        if (spec.StringAt("scope") is not ("Cluster" or "Namespaced") and var scope)
            errors.Add(scope is null or "" ? FieldError.Required("spec.scope") : FieldError.NotSupported("spec.scope", scope, "Cluster", "Namespaced"));
        CheckNames(spec, errors);
        if (spec.BoolAt("preserveUnknownFields"))
            errors.Add(FieldError.Invalid("spec.preserveUnknownFields", true, "must be false"));
        CheckVersions(o, spec, errors);
        if (old is not null)
        {
            foreach (var field in new[] { "group", "scope" })
            {
                if (!JsonAccess.Same(spec[field], old.At("spec", field)))
                    errors.Add(FieldError.Invalid($"spec.{field}", spec[field], "field is immutable"));
            }
        }

        return errors;
    }

    private static void CheckVersions(JsonObject o, JsonObject spec, List<FieldError> errors)
    {
        var versions = spec.ArrayAt("versions") ?? [];
        for (var i = 0; i < versions.Count; i++)
        {
            var name = versions[i].StringAt("name") ?? "";
            var problems = Names.Label1035Name(name, $"spec.versions[{i}].name").ToList();
            errors.AddRange(problems);
            // The first version stands in for the field "version" of old.
            if (i == 0)
                errors.AddRange(problems.Select(p => p with { Field = "spec.version" }));
            // What the only version says is reported as if it stood at the top, as it once did.
            var schema = versions.Count == 1 ? "spec.validation.openAPIV3Schema" : $"spec.versions[{i}].schema.openAPIV3Schema";
            var columns = versions.Count == 1 ? "spec.additionalPrinterColumns" : $"spec.versions[{i}].additionalPrinterColumns";
            if (versions[i].At("schema", "openAPIV3Schema") is JsonObject root)
                errors.AddRange(new StructuralSchemaValidation().Check(root, schema));
            else
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
            CheckColumns(versions[i].At("additionalPrinterColumns") as JsonArray ?? [], columns, errors);
        }

        if (versions.Count(v => v.BoolAt("storage")) != 1)
        {
            errors.Add(FieldError.Invalid("spec.versions", JsonAccess.Strings(versions.Select(v => v.StringAt("name") ?? "")), "must have exactly one version marked as storage version"));
            var stored = o.ObjectAt("status")?.ArrayAt("storedVersions");
            foreach (var version in versions.Where(v => v.BoolAt("storage")).Skip(1))
                errors.Add(FieldError.Invalid("status.storedVersions", stored, $"must have the storage version {version.StringAt("name")}"));
        }
    }

    private static void CheckColumns(JsonArray columns, string path, List<FieldError> errors)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].StringAt("name") is not { Length: > 0 })
                errors.Add(FieldError.Required($"{path}[{i}].name"));
            var type = columns[i].StringAt("type") ?? "";
            if (type.Length == 0)
                errors.Add(FieldError.Required($"{path}[{i}].type", $"must be one of {string.Join(",", ColumnTypes)}"));
            else if (!ColumnTypes.Contains(type))
                errors.Add(FieldError.Invalid($"{path}[{i}].type", type, $"must be one of {string.Join(",", ColumnTypes)}"));
            var jsonPath = columns[i].StringAt("jsonPath") ?? "";
            if (jsonPath.Length == 0)
                errors.Add(FieldError.Required($"{path}[{i}].JSONPath"));
            else if (jsonPath[0] != '.')
                errors.Add(FieldError.Invalid($"{path}[{i}].JSONPath", jsonPath, "must be a simple json path starting with ."));
        }
    }

    private static void CheckNames(JsonObject spec, List<FieldError> errors)
    {
        CheckShortNames(spec, "shortNames", errors);
        CheckShortNames(spec, "categories", errors);
        foreach (var field in new[] { "plural", "singular", "kind", "listKind" })
        {
            var name = spec.StringAt("names", field) ?? "";
            var path = $"spec.names.{field}";
            if (name.Length == 0)
            {
                if (field is "plural" or "kind")
                    errors.Add(FieldError.Required(path));
                continue;
            }

            if (field is "plural" or "singular")
            {
                errors.AddRange(Names.Label1035Name(name, path));
            }
            else
            {
                foreach (var problem in Names.Label1035Name(name.ToLowerInvariant(), path))
                    errors.Add(FieldError.Invalid(path, name, "may have mixed case, but should otherwise match: " + problem.Detail[(problem.Detail.IndexOf(": a ", StringComparison.Ordinal) + 2)..]));
            }
        }
    }

    private static void CheckShortNames(JsonObject spec, string field, List<FieldError> errors)
    {
        foreach (var (name, i) in spec.At("names", field).StringItems().Select((n, i) => (n, i)))
            errors.AddRange(Names.Label1035Name(name, $"spec.names.{field}[{i}]"));
    }

    /// <summary>Columns that can be shown: one whose path cannot be read shows nothing.</summary>
    public static JsonPath? PathOf(string text)
    {
        try
        {
            return JsonPath.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
