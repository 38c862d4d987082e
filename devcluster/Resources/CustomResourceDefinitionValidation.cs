using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of CustomResourceDefinitions.</summary>
internal static class CustomResourceDefinitionValidation
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    private static readonly string[] ColumnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

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
        CheckVersions(spec, errors);
        CheckConversion(spec["conversion"], errors);
        if (old is not null)
            CheckFixed(spec, old, errors);
        CheckStoredVersions(o, spec, errors);
        CheckApproval(o, group, errors);
        return errors;
    }

    private static void CheckFixed(JsonObject spec, JsonObject old, List<FieldError> errors)
    {
        var established = (old.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == "Established" && c.StringAt("status") == "True");
        foreach (var path in established ? new[] { "scope", "names.kind", "group", "names.plural" } : ["group", "names.plural"])
        {
            var keys = path.Split('.');
            if (!JsonAccess.Same(spec.At(keys), old.At(["spec", .. keys])))
                errors.Add(FieldError.Invalid($"spec.{path}", spec.At(keys), "field is immutable"));
        }
    }

    private static void CheckVersions(JsonObject spec, List<FieldError> errors)
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
            if (versions[i].At("schema", "openAPIV3Schema") is not JsonObject)
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
            if (versions[i].StringAt("deprecationWarning") is { } warning && !versions[i].BoolAt("deprecated"))
                errors.Add(FieldError.Invalid($"spec.versions[{i}].deprecationWarning", warning, "can only be set for deprecated versions"));
        }

        // What all versions say alike is reported as if it stood at the top, as it once did.
        foreach (var (path, version) in Places(versions, "schema", "validation"))
        {
            if (version.At("schema", "openAPIV3Schema") is JsonObject root)
                errors.AddRange(StructuralSchemaValidation.Check(root, $"{path}.openAPIV3Schema"));
        }

        foreach (var (path, version) in Places(versions, "subresources", "subresources"))
            CheckScale(version.At("subresources", "scale"), $"{path}.scale", errors);
        foreach (var (path, version) in Places(versions, "additionalPrinterColumns", "additionalPrinterColumns"))
            CheckColumns(version.At("additionalPrinterColumns") as JsonArray ?? [], path, errors);
        foreach (var (path, version) in Places(versions, "selectableFields", "selectableFields"))
            CheckSelectableFields(version, path, errors);

        if (versions.Select(v => v.StringAt("name")).Distinct().Count() < versions.Count)
            errors.Add(FieldError.Invalid("spec.versions", versions, "must contain unique version names"));
        if (versions.Count(v => v.BoolAt("storage")) != 1)
            errors.Add(FieldError.Invalid("spec.versions", versions, "must have exactly one version marked as storage version"));
    }

    private static IEnumerable<(string Path, JsonObject Version)> Places(JsonArray versions, string field, string atTheTop)
    {
        var all = versions.OfType<JsonObject>().ToList();
        if (all.Count == 0)
            return [];
        return all.TrueForAll(v => JsonAccess.Same(v[field], all[0][field])) ? [($"spec.{atTheTop}", all[0])] : all.Select((v, i) => ($"spec.versions[{i}].{field}", v));
    }

    private static void CheckScale(JsonNode? scale, string path, List<FieldError> errors)
    {
        if (scale is null)
            return;
        foreach (var (field, roots, required) in new[] { ("specReplicasPath", ".spec.", true), ("statusReplicasPath", ".status.", true), ("labelSelectorPath", ".spec.|.status.", false) })
        {
            var text = scale.StringAt(field) ?? "";
            if (text.Length == 0 && required)
                errors.Add(FieldError.Required($"{path}.{field}"));
            else if (text.Length > 0 && text[0] != '.')
                errors.Add(FieldError.Invalid($"{path}.{field}", text, "must be a simple json path starting with ."));
            else if (text.Length > 0 && !roots.Split('|').Any(root => text.StartsWith(root, StringComparison.Ordinal)))
                errors.Add(FieldError.Invalid($"{path}.{field}", text, required ? $"should be a json path under {roots.TrimEnd('.')}" : "should be a json path under either .spec or .status"));
        }
    }

    private static void CheckSelectableFields(JsonObject version, string path, List<FieldError> errors)
    {
        const int most = 8;
        var seen = new HashSet<string>();
        var fields = version.ArrayAt("selectableFields") ?? [];
        for (var i = 0; i < fields.Count; i++)
        {
            var text = fields[i].StringAt("jsonPath") ?? "";
            var at = $"{path}[{i}].jsonPath";
            if (text.Length == 0)
            {
                errors.Add(FieldError.Required(at));
                continue;
            }

            JsonNode? field = version.At("schema", "openAPIV3Schema");
            foreach (var name in text.TrimStart('.').Split('.'))
                field = field.At("properties", name);
            if (text.StartsWith(".metadata", StringComparison.Ordinal))
                errors.Add(FieldError.Invalid(at, text, "must not point to fields in metadata"));
            else if (field is null)
                errors.Add(FieldError.Invalid(at, text, "is an invalid path: does not refer to a valid field"));
            else if (field.StringAt("type") is not ("string" or "boolean" or "integer"))
                errors.Add(FieldError.Invalid(at, text, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."));
            if (!seen.Add(text))
                errors.Add(FieldError.Duplicate(at, text));
        }

        if (seen.Count > most)
            errors.Add(FieldError.TooMany(path, seen.Count, most));
    }

    private static void CheckConversion(JsonNode? conversion, List<FieldError> errors)
    {
        const string path = "spec.conversion";
        if (conversion is null)
            return;
        var strategy = conversion.StringAt("strategy") ?? "";
        if (strategy.Length == 0)
            errors.Add(FieldError.Required($"{path}.strategy"));
        else if (strategy is not ("None" or "Webhook"))
            errors.Add(FieldError.NotSupported($"{path}.strategy", strategy, "None", "Webhook"));
        var webhook = conversion.At("webhook");
        var versions = webhook.At("conversionReviewVersions").StringItems().ToList();
        if (strategy != "Webhook")
        {
            if (webhook.At("clientConfig") is not null)
                errors.Add(FieldError.Forbidden($"{path}.webhookClientConfig", "should not be set when strategy is not set to Webhook"));
            if (versions.Count > 0)
                errors.Add(FieldError.Forbidden($"{path}.conversionReviewVersions", "should not be set when strategy is not set to Webhook"));
            return;
        }

        if (webhook.At("clientConfig") is not { } client)
            errors.Add(FieldError.Required($"{path}.webhookClientConfig", "required when strategy is set to Webhook"));
        else if (client.At("url") is null == client.At("service") is null)
            errors.Add(FieldError.Required($"{path}.webhookClientConfig", "exactly one of url or service is required"));
        if (versions.Count == 0)
            errors.Add(FieldError.Required($"{path}.conversionReviewVersions"));
        else if (!versions.Exists(v => v is "v1" or "v1beta1"))
            errors.Add(FieldError.Invalid($"{path}.conversionReviewVersions", JsonAccess.Strings(versions), "must include at least one of v1, v1beta1"));
    }

    private static void CheckStoredVersions(JsonObject o, JsonObject spec, List<FieldError> errors)
    {
        const string path = "status.storedVersions";
        var versions = spec.ArrayAt("versions") ?? [];
        var stored = o.At("status", "storedVersions").StringItems().ToList();
        if (stored.Count == 0)
        {
            errors.Add(FieldError.Invalid(path, new JsonArray(), "must have at least one stored version"));
            return;
        }

        foreach (var version in versions.Where(v => v.BoolAt("storage")).Select(v => v.StringAt("name") ?? "").Where(v => !stored.Contains(v)))
            errors.Add(FieldError.Invalid(path, JsonAccess.Strings(stored), $"must have the storage version {version}"));
        foreach (var (version, i) in stored.Select((v, i) => (v, i)).Where(p => versions.All(v => v.StringAt("name") != p.v)))
        {
            errors.Add(FieldError.Invalid($"{path}[{i}]", version,
                $"missing from spec.versions; {version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {version} and removes {version} from status.storedVersions"));
        }
    }

    private static void CheckApproval(JsonObject o, string group, List<FieldError> errors)
    {
        const string annotation = "api-approved.kubernetes.io";
        if (!(group is "k8s.io" or "kubernetes.io" || group.EndsWith(".k8s.io", StringComparison.Ordinal) || group.EndsWith(".kubernetes.io", StringComparison.Ordinal)))
            return;
        var path = $"metadata.annotations[{annotation}]";
        var value = o.StringAt("metadata", "annotations", annotation) ?? "";
        if (value.Length == 0)
            errors.Add(FieldError.Required(path, $"protected groups must have approval annotation \"{annotation}\", see https://github.com/kubernetes/enhancements/pull/1111"));
        else if (!value.StartsWith("unapproved", StringComparison.Ordinal) && !Uri.TryCreate(value, UriKind.Absolute, out _))
            errors.Add(FieldError.Invalid(path, value, $"protected groups must have approval annotation \"{annotation}\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111"));
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
            if (columns[i].StringAt("format") is { Length: > 0 } format && !ColumnFormats.Contains(format))
                errors.Add(FieldError.Invalid($"{path}[{i}].format", format, $"must be one of {string.Join(",", ColumnFormats)}"));
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
        if (spec.StringAt("names", "kind") is { Length: > 0 } kind && kind == spec.StringAt("names", "listKind"))
            errors.Add(FieldError.Invalid("spec.names.listKind", kind, "kind and listKind may not be the same"));
        foreach (var field in new[] { "plural", "singular", "kind", "listKind" })
        {
            var name = spec.StringAt("names", field) ?? "";
            var path = $"spec.names.{field}";
            if (name.Length == 0)
            {
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
