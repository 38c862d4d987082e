using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class CustomResourceDefinitionStrategy : ResourceStrategy
{
    public override bool HasGeneration => true;

    public override bool DeleteReturnsObject => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; } = [Column.NameColumn, new("Created At", "date", Description: Column.TimestampDescription)];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), o.StringAt("metadata", "creationTimestamp")];

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        var names = spec.Ensure("names");
        if (names.StringAt("kind") is { Length: > 0 } kind)
        {
            names.Default("listKind", kind + "List");
            names.Default("singular", kind.ToLowerInvariant());
        }

        spec.Default("conversion", new JsonObject { ["strategy"] = "None" });
    }

    public override void PrepareCreate(JsonObject o)
        => o["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = JsonAccess.Strings((o.ArrayAt("spec", "versions") ?? []).Where(v => v.BoolAt("storage")).Select(v => v.StringAt("name") ?? "")),
        };

    public override void PrepareUpdate(JsonObject o, JsonObject old)
    {
        var stored = o.ObjectAt("status")?.ArrayAt("storedVersions");
        foreach (var version in (o.ArrayAt("spec", "versions") ?? []).Where(v => v.BoolAt("storage")).Select(v => v.StringAt("name")))
        {
            if (stored is not null && !stored.StringItems().Contains(version))
                stored.Add(version);
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => CustomResourceDefinitionValidation.Check(o, null);

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => CustomResourceDefinitionValidation.Check(o, old);
}

/// <summary>The checks of CustomResourceDefinitions.</summary>
internal static class CustomResourceDefinitionValidation
{
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
        var versions = spec.ArrayAt("versions") ?? [];
        for (var i = 0; i < versions.Count; i++)
        {
            var name = versions[i].StringAt("name") ?? "";
            if (!Names.IsLabel(name))
                errors.AddRange(Names.Label1035Name(name, $"spec.versions[{i}].name"));
            if (versions[i].At("schema", "openAPIV3Schema") is null)
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
        }

        var storage = versions.Count(v => v.BoolAt("storage"));
        if (storage != 1)
            errors.Add(new FieldError("FieldValueInvalid", "spec.versions", "Invalid value: must have exactly one version marked as storage version"));
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

    private static void CheckNames(JsonObject spec, List<FieldError> errors)
    {
        foreach (var field in new[] { "plural", "singular", "kind", "listKind" })
        {
            var name = spec.StringAt("names", field) ?? "";
            if (name.Length == 0)
            {
                if (field is "plural" or "kind")
                    errors.Add(FieldError.Required($"spec.names.{field}"));
                continue;
            }

            var candidate = field is "kind" or "listKind" ? name.ToLowerInvariant() : name;
            errors.AddRange(Names.Label1035Name(candidate, $"spec.names.{field}").Select(e => e with { Detail = e.Detail.Replace(FieldError.Quote(candidate), FieldError.Quote(name)) }));
        }
    }
}
