using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The checks of metadata, the same for every kind.</summary>
internal static class MetadataValidation
{
    private const int AnnotationLimit = 256 * 1024;

    public static IEnumerable<FieldError> Create(JsonObject o, ResourceType type)
    {
        if (o.Text("metadata", "generateName") is { Length: > 0 } prefix)
        {
            foreach (var error in type.Strategy.ValidateName(prefix.TrimEnd('-', '.') is { Length: > 0 } p ? p : prefix,
                "metadata.generateName"))
                yield return error;
        }

        if (o.Name().Length == 0)
        {
            yield return FieldError.Required("metadata.name", "name or generateName is required");
        }
        else
        {
            foreach (var error in type.Strategy.ValidateName(o.Name(), "metadata.name"))
                yield return error;
        }

        foreach (var error in Common(o))
            yield return error;
    }

    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        foreach (var error in Common(o))
            yield return error;
        if (old.IsDeleting())
        {
            var before = old.At("metadata", "finalizers").StringItems().ToHashSet();
            var added = o.At("metadata", "finalizers").StringItems().Where(f => !before.Contains(f)).ToList();
            // The real server checks twice, and says so twice.
            for (var i = 0; i < 2 && added.Count > 0; i++)
                yield return FieldError.Forbidden("metadata.finalizers",
                    "no new finalizers can be added if the object is being deleted, found new finalizers "
                    + $"[]string{{{string.Join(", ", added.Select(FieldError.Quote))}}}");
        }
    }

    private static IEnumerable<FieldError> Common(JsonObject o)
    {
        foreach (var (key, value) in (o.Map("metadata", "labels") ?? []).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var problem in Names.QualifiedName(key))
                yield return FieldError.Invalid("metadata.labels", key, problem);
            foreach (var problem in Names.LabelValue(value.Text() ?? ""))
                yield return FieldError.Invalid("metadata.labels", value, problem);
        }

        var size = 0;
        foreach (var (key, value) in (o.Map("metadata", "annotations") ?? []).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var problem in Names.QualifiedName(key.ToLowerInvariant()))
                yield return FieldError.Invalid("metadata.annotations", key, problem);
            size += key.Length + (value.Text() ?? "").Length;
        }

        if (size > AnnotationLimit)
            yield return FieldError.TooLong("metadata.annotations", AnnotationLimit);
        foreach (var error in Owners(o))
            yield return error;
        var finalizers = o.At("metadata", "finalizers").StringItems().ToList();
        foreach (var finalizer in finalizers)
        {
            foreach (var problem in Names.QualifiedName(finalizer))
                yield return FieldError.Invalid("metadata.finalizers", finalizer, problem);
        }

        if (finalizers.Contains("orphan") && finalizers.Contains("foregroundDeletion"))
            yield return FieldError.Invalid("metadata.finalizers", JsonAccess.Strings(finalizers),
                "finalizers orphan and foregroundDeletion cannot be both set");
    }

    private static IEnumerable<FieldError> Owners(JsonObject o)
    {
        var owners = o.ArrayAt("metadata", "ownerReferences");
        string? controller = null;
        for (var i = 0; i < (owners?.Count ?? 0); i++)
        {
            var path = "metadata.ownerReferences";
            var owner = owners![i];
            var version = owner.Text("apiVersion") ?? "";
            if (version.Length == 0)
                yield return FieldError.Invalid($"{path}.apiVersion", version, "version must not be empty");
            if (owner.Text("kind") is null or "")
                yield return FieldError.Invalid($"{path}.kind", "", "must not be empty");
            if (owner.Text("name") is null or "")
                yield return FieldError.Invalid($"{path}.name", "", "must not be empty");
            if (owner.Text("uid") is null or "")
                yield return FieldError.Invalid($"{path}.uid", "", "must not be empty");
            if (!owner.BoolAt("controller"))
                continue;
            var me = $"{owner.Text("kind")}/{owner.Text("name")}";
            if (controller is not null)
                yield return FieldError.Invalid(path, owners,
                    $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {me}");
            controller = me;
        }
    }
}
