namespace LightReasoner.DevCluster.Rest;

/// <summary>What a DELETE asks for.</summary>
internal sealed record DeleteOptions(
    string? Policy = null, long? GracePeriod = null, string? Uid = null, string? ResourceVersion = null, bool DryRun = false)
{
    public static readonly DeleteOptions Background = new("Background");
}

/// <summary>Deletes objects: at once, or after their finalizers and grace period.</summary>
internal sealed class ObjectDeleter(Store store, ObjectWriter writer)
{
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";

    /// <summary>Returns the object as it was left, and whether it is gone.</summary>
    public (StoredObject Object, bool Gone) Delete(ResourceType type, string ns, string name, DeleteOptions options)
    {
        while (true)
        {
            var stored = store.Get(type.StorageName, ns, name) ?? throw type.NotFound(name);
            CheckPreconditions(type, stored.Document, options);
            var o = stored.Document.Copy();
            var changed = SetPropagationFinalizers(o, type, options);
            var grace = type.Strategy.GracePeriod(o, options.GracePeriod);
            if (o.IsDeleting())
            {
                if (grace is { } shorter && o.Number("metadata", "deletionGracePeriodSeconds") is { } before && shorter < before)
                {
                    Mark(o, shorter, writer.Time.GetUtcNow());
                    changed = true;
                }
            }
            else
            {
                Mark(o, grace ?? 0, writer.Time.GetUtcNow());
                if (!type.Strategy.PrepareDelete(o, writer.Now) && type.Strategy.HasGeneration)
                    o.Metadata()["generation"] = (o.Number("metadata", "generation") ?? 0) + 1;
                changed = true;
            }

            var gone = !IsHeld(o, type);
            if (options.DryRun)
                return (stored with { Document = o }, gone);
            if (gone)
            {
                if (store.Delete(stored))
                    return (stored with { Document = o }, true);
            }
            else if (!changed)
            {
                return (stored, false);
            }
            else if (store.Update(stored, o) is { } updated)
            {
                return (updated, false);
            }
        }
    }

    /// <summary>Whether finalizers or its grace period keep a deleted object.</summary>
    public static bool IsHeld(JsonObject o, ResourceType type) => o.Strings("metadata", "finalizers").Any()
        || o.Number("metadata", "deletionGracePeriodSeconds") is > 0
        || (type is { Kind: "Namespace", Custom: false } && o.Strings("spec", "finalizers").Any());

    private static void Mark(JsonObject o, long grace, DateTimeOffset now)
    {
        var requested = o.Text("metadata", "deletionTimestamp") is { } at && o.Number("metadata", "deletionGracePeriodSeconds") is { } old
            ? DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture).AddSeconds(-old)
            : now;
        o.Metadata()["deletionTimestamp"] = requested.AddSeconds(grace).ToKubernetesTime();
        o.Metadata()["deletionGracePeriodSeconds"] = grace;
    }

    private static bool SetPropagationFinalizers(JsonObject o, ResourceType type, DeleteOptions options)
    {
        if ((options.Policy ?? (type.Strategy.OrphanByDefault ? "Orphan" : null)) is not { } policy)
            return false;
        var before = o.Strings("metadata", "finalizers").ToList();
        var after = before.Where(f => f is not (Orphan or Foreground)).ToList();
        if (policy == "Orphan")
            after.Add(Orphan);
        else if (policy == "Foreground")
            after.Add(Foreground);
        if (before.Order().SequenceEqual(after.Order()))
            return false;
        o.Metadata().SetOrRemove("finalizers", after.Count == 0 ? null : JsonAccess.Strings(after));
        return true;
    }

    private static void CheckPreconditions(ResourceType type, JsonObject o, DeleteOptions options)
    {
        if (options.Uid is { } uid && uid != o.Uid())
            throw Fail.Conflict(type.Group, type.Kind, o.Name(), $"the UID in the precondition ({uid}) does not match the UID in record "
                + $"({o.Uid()}). The object might have been deleted and then recreated");
        if (options.ResourceVersion is { } version && version != o.Text("metadata", "resourceVersion"))
            throw Fail.Conflict(type.Group, type.Kind, o.Name(), $"the ResourceVersion in the precondition ({version}) does not match the "
                + $"ResourceVersion in record ({o.Text("metadata", "resourceVersion")}). The object might have been modified");
    }
}
