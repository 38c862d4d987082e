namespace LightReasoner.DevCluster.Patch;

/// <summary>
/// Server-side apply: the document is all that its manager wants; what it no longer names goes, what others own conflicts.
/// </summary>
internal sealed class ServerSideApply(ObjectWriter writer, ApiRequest request)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private readonly ResourceType type = request.Type;
    private readonly string manager = request.FieldManager;

    public (StoredObject Object, bool Created) Apply(byte[] bytes)
    {
        var applied = Parse(bytes);
        var options = new WriteOptions(null, request.DryRun);
        if (writer.Store.Get(type.StorageName, request.Namespace, request.Name) is null)
        {
            if (request.Subresource.Length > 0)
                throw type.NotFound(request.Name);
            var created = applied.Copy();
            created.Metadata()["name"] = request.Name;
            created.Metadata().Remove("resourceVersion");
            return (writer.Create(type, request.Namespace, created, options, o => ManagedFields.Write(o, [Mine(applied)])), true);
        }

        List<Manager>? managers = null;
        var stored = writer.Update(type, request.Namespace, request.Name, request.Subresource, live =>
        {
            CheckIdentity(applied, live);
            var merged = Merge(applied, live, out managers);
            return merged;
        }, options, (o, old) => ManagedFields.Write(o, Times(managers!, o, old)));
        return (stored, false);
    }

    private JsonObject Parse(byte[] bytes)
    {
        JsonObject applied;
        try
        {
            // Clients send JSON, which is YAML, too.
            applied = JsonReading.Parse(bytes) as JsonObject ?? throw Fail.BadRequest("error decoding YAML: the document is not an object");
        }
        catch (JsonException e)
        {
            throw Fail.BadRequest($"error decoding YAML: the development cluster reads only its JSON form: {e.Message}");
        }

        if (applied.At("metadata", "managedFields") is JsonArray { Count: > 0 })
            throw Fail.BadRequest("metadata.managedFields must be nil");
        DocumentDecoder.CheckName(request, applied);
        DocumentDecoder.CheckKind(type, applied);
        if (DocumentDecoder.Shape(type, applied) is [var unknown, ..])
            throw Fail.ServerError($"failed to create typed patch object ({request.Namespace}/{request.Name}; {type.GroupVersion}, "
                + $"Kind={type.Kind}): .{unknown}: field not declared in schema");
        applied.Metadata().Remove("creationTimestamp");
        applied.Metadata().Remove("managedFields");
        return applied;
    }

    private JsonObject Content(JsonObject o) => ManagedFields.Content(o, type);

    private Manager Mine(JsonObject applied)
    {
        var fields = new FieldSet();
        TypedValue.Fields(Content(applied), type.Schema, fields);
        return new Manager(manager, "Apply", type.GroupVersion, request.Subresource, writer.Now,
            ManagedFields.Owned(fields, type, request.Subresource));
    }

    private void CheckIdentity(JsonObject applied, JsonObject live)
    {
        if (applied.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != live.Text("metadata", "resourceVersion"))
            throw Fail.Modified(type, request.Name);
        if (applied.Uid().Length > 0 && applied.Uid() != live.Uid())
        {
            var error = FieldError.Invalid("metadata.uid", applied.Uid(), "field is immutable");
            throw type.Invalid(request.Name, error, error);
        }
    }

    private JsonObject Merge(JsonObject applied, JsonObject live, out List<Manager> managers)
    {
        var mine = Mine(applied);
        managers = ManagedFields.Read(live);
        var before = managers.FirstOrDefault(m => m.Is(manager, "Apply", request.Subresource));
        managers.RemoveAll(m => m.Is(manager, "Apply", request.Subresource));
        var merged = (JsonObject)TypedValue.Merge(live, applied, type.Schema)!;
        if (request.Subresource == "status")
        {
            merged = live.Copy();
            merged.SetOrRemove("status", TypedValue.Merge(live["status"], applied["status"], type.Schema.Member("status")));
        }

        if (before is not null)
        {
            // What this manager owned and names no longer goes, unless somebody else owns it too.
            var gone = before.Fields.Difference(mine.Fields);
            foreach (var other in managers)
                gone = gone.Difference(other.Fields);
            TypedValue.Remove(merged, WithoutAncestors(gone, [.. managers, mine]), type.Schema);
        }

        if (manager == "kubectl" && live.At("metadata", "annotations", LastApplied) is not null)
            merged.Metadata().Ensure("annotations")[LastApplied] = applied.ToText() + "\n";
        var comparison = TypedValue.Compare(Content(live), Content(merged), type.Schema);
        var taken = ManagedFields.Owned(comparison.Added.Union(comparison.Modified), type, request.Subresource).Intersection(mine.Fields);
        if (!request.Flag("force"))
            CheckConflicts(managers, taken, live);
        managers = ManagedFields.Disown(managers, comparison, _ => true, taken);
        managers.Add(before is null ? mine with { Time = null } : mine with { Time = before.Time });
        return merged;
    }

    // A container stays while somebody owns something in it.
    private static FieldSet WithoutAncestors(FieldSet gone, List<Manager> owners)
    {
        var result = gone.Union(new FieldSet());
        foreach (var owner in owners)
            Keep(result, owner.Fields);
        return result;

        static void Keep(FieldSet gone, FieldSet owned)
        {
            if (!owned.IsEmpty)
                gone.Member = false;
            foreach (var (step, child) in gone.Children)
            {
                if (owned.Find(step) is { } other)
                    Keep(child, other);
            }
        }
    }

    private void CheckConflicts(List<Manager> managers, FieldSet taken, JsonObject live)
    {
        var conflicts = managers.Select(m => (Manager: m, Fields: m.Fields.Intersection(taken))).Where(c => !c.Fields.IsEmpty).ToList();
        if (manager == "kubectl" && LastAppliedFields(live) is { } former)
            conflicts.RemoveAll(c => c.Manager.Operation == "Update" && c.Fields.Difference(former).IsEmpty);
        if (conflicts.Count == 0)
            return;
        var causes = new JsonArray();
        var texts = new List<string>();
        foreach (var (other, fields) in conflicts.OrderBy(c => c.Manager.Name, StringComparer.Ordinal))
        {
            var who = FieldError.Quote(other.Name) + (other.Subresource.Length > 0
                ? $" with subresource {FieldError.Quote(other.Subresource)}" : "")
                + (other.Applied ? "" : $" using {other.ApiVersion}");
            var paths = fields.Paths().ToList();
            foreach (var path in paths)
                causes.Add(new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {who}", ["field"] = path });
            texts.Add(causes.Count == 1 && conflicts.Count == 1 ? $"conflict with {who}: {paths[0]}"
                : $"conflicts with {who}:\n- {string.Join("\n- ", paths)}");
        }

        throw new ApiException(409, "Conflict",
            $"Apply failed with {causes.Count} conflict{(causes.Count == 1 ? "" : "s")}: {string.Join("\n", texts)}",
                new JsonObject { ["causes"] = causes });
    }

    // What kubectl applied before it applied on the server: it may change that without a conflict.
    private FieldSet? LastAppliedFields(JsonObject live)
    {
        if (live.Text("metadata", "annotations", LastApplied) is not { Length: > 0 } text
            || JsonReading.Parse(text) is not JsonObject former)
            return null;
        var fields = new FieldSet();
        TypedValue.Fields(Content(former), type.Schema, fields);
        return fields;
    }

    // The time of an entry is that of the last apply that changed the object.
    private List<Manager> Times(List<Manager> managers, JsonObject o, JsonObject old)
    {
        var changed = !JsonAccess.Same(Content(o), Content(old));
        return changed ? [.. managers.Select(m => m.Is(manager, "Apply", request.Subresource) ? m with { Time = writer.Now } : m)]
            : managers;
    }
}
