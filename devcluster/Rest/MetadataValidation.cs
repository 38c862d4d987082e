namespace LightReasoner.DevCluster.Rest;

/// <summary>The checks of metadata, the same for every kind.</summary>
internal static class MetadataValidation
{
    private const int AnnotationLimit = 256 * 1024;

    public static IEnumerable<FieldError> Create(JsonObject o, ResourceType type)
        => (o.Name().Length == 0 ? [FieldError.Required("metadata.name", "name or generateName is required")]
            : type.Strategy.ValidateName(o.Name(), "metadata.name")).Concat(Common(o));

    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        var added = o.Strings("metadata", "finalizers").Except(old.Strings("metadata", "finalizers")).ToList();
        return old.IsDeleting() && added.Count > 0
            ? [FieldError.Forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted, found new "
                + $"finalizers []string{{{string.Join(", ", added.Select(FieldError.Quote))}}}")]
            : Common(o);
    }

    private static IEnumerable<FieldError> Common(JsonObject o)
    {
        foreach (var (key, value) in o.Entries("metadata", "labels"))
        {
            foreach (var problem in Names.QualifiedName(key))
                yield return FieldError.Invalid("metadata.labels", key, problem);
            foreach (var problem in Names.LabelValue(value))
                yield return FieldError.Invalid("metadata.labels", value, problem);
        }

        foreach (var (key, _) in o.Entries("metadata", "annotations"))
        {
            foreach (var problem in Names.QualifiedName(key.ToLowerInvariant()))
                yield return FieldError.Invalid("metadata.annotations", key, problem);
        }

        if (o.Entries("metadata", "annotations").Sum(a => a.Key.Length + a.Value.Length) > AnnotationLimit)
            yield return FieldError.TooLong("metadata.annotations", AnnotationLimit);
        foreach (var finalizer in o.Strings("metadata", "finalizers"))
        {
            foreach (var problem in Names.QualifiedName(finalizer))
                yield return FieldError.Invalid("metadata.finalizers", finalizer, problem);
        }

        foreach (var owner in o.Items("metadata", "ownerReferences"))
        {
            foreach (var field in new[] { "apiVersion", "kind", "name", "uid" })
            {
                if (owner.Text(field) is null or "")
                    yield return FieldError.Invalid($"metadata.ownerReferences.{field}", "", "must not be empty");
            }
        }
    }
}
