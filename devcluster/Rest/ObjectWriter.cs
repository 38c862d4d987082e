using LightReasoner.DevCluster.Patch;

namespace LightReasoner.DevCluster.Rest;

/// <summary>Who writes, and how much of it is meant.</summary>
/// <param name="Manager">Name in managedFields; null leaves managedFields alone.</param>
/// <param name="DryRun">Answer as if it were done.</param>
internal sealed record WriteOptions(string? Manager = null, bool DryRun = false);

/// <summary>
/// Creates and updates objects: defaults, checks, generations, conflicts, finalizers; the same for clients and controllers.
/// </summary>
internal sealed class ObjectWriter(Store store, TimeProvider time)
{
    private const string SuffixLetters = "bcdfghjklmnpqrstvwxz2456789";

    public Store Store => store;

    public TimeProvider Time => time;

    public string Now => time.GetUtcNow().ToKubernetesTime();

    public static string Suffix() => RandomNumberGenerator.GetString(SuffixLetters, 5);

    public StoredObject Create(ResourceType type, string ns, JsonObject o, WriteOptions options, Action<JsonObject>? track = null)
    {
        var metadata = o.Metadata();
        if (metadata.Text("resourceVersion") is { Length: > 0 } and not "0")
            throw Fail.ServerError("resourceVersion should not be set on objects to be created");
        CheckNamespace(type, ns, o);
        var definition = store.Get("apiextensions.k8s.io/customresourcedefinitions", "", type.QualifiedName);
        if (definition?.Document.IsDeleting() == true)
            throw Fail.Forbidden(type.Group, type.Plural, o.Name(), "create not allowed while custom resource definition is terminating");
        if (o.Name().Length == 0 && metadata.Text("generateName") is { Length: > 0 } prefix)
            metadata["name"] = prefix[..Math.Min(prefix.Length, 58)] + Suffix();
        if (type.Custom && type.HasStatus)
            o.Remove("status");
        foreach (var field in new[] { "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion" })
            metadata.Remove(field);
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now;
        metadata.Remove("generation");
        if (type.Strategy.HasGeneration)
            metadata["generation"] = 1;
        if (type.Namespaced)
            metadata["namespace"] = ns;
        else
            metadata.Remove("namespace");
        DropEmptyMetadata(o);
        Complete(type, o);
        type.Strategy.PrepareCreate(o);
        var errors = MetadataValidation.Create(o, type).ToList();
        errors.AddRange(type.Strategy.ValidateCreate(o));
        SchemaErrors(type, o, null, "", errors);
        if (errors.Count > 0)
            throw type.Invalid(o.Name(), errors);
        // Again, for defaults that follow from what the preparation has set.
        Complete(type, o);
        if (track is not null)
            track(o);
        else if (options.Manager is { } manager)
            ManagedFields.Track(o, null, type, manager, "", Now);
        if (options.DryRun)
        {
            if (store.Get(type.StorageName, ns, o.Name()) is not null)
                throw Fail.AlreadyExists(type, o.Name());
            return new StoredObject(type.StorageName, ns, o.Name(), 0, o);
        }

        return store.Create(type.StorageName, ns, o.Name(), o) ?? throw Fail.AlreadyExists(type, o.Name());
    }

    /// <summary>
    /// Changes an object. <paramref name="change"/> gets a copy of the stored object and returns the wished one; it is called
    /// again when somebody else was faster and the result carries no resource version of its own.
    /// </summary>
    public StoredObject Update(ResourceType type, string ns, string name, string subresource,
        Func<JsonObject, JsonObject> change, WriteOptions options,
        Action<JsonObject, JsonObject>? track = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            var stored = store.Get(type.StorageName, ns, name) ?? throw type.NotFound(name);
            var wished = change(stored.Document.Copy());
            if (wished.Text("metadata", "resourceVersion") is not (null or "" or "0") and var expected
                && expected != stored.Document.Text("metadata", "resourceVersion"))
                throw Fail.Modified(type, name);
            if (Write(type, stored, wished, subresource, options, track) is { } written)
                return written;
            if (attempt == 20)
                throw Fail.Modified(type, name);
        }
    }

    /// <summary>A change by one of the cluster's own controllers, whatever version is there.</summary>
    public StoredObject Change(ResourceType type, string ns, string name, Action<JsonObject> change)
        => Update(type, ns, name, "finalize", o =>
        {
            change(o);
            o.Metadata().Remove("resourceVersion");
            return o;
        }, new WriteOptions());

    // One attempt; null when the stored object has changed meanwhile.
    private StoredObject? Write(ResourceType type, StoredObject stored, JsonObject wished, string subresource, WriteOptions options,
        Action<JsonObject, JsonObject>? track)
    {
        var old = stored.Document;
        var o = wished;
        if (o.Uid().Length > 0 && o.Uid() != stored.Document.Uid())
            throw Fail.Conflict(type.Group, type.Plural, stored.Name,
                $"Precondition failed: UID in precondition: {o.Uid()}, UID in object meta: {stored.Document.Uid()}");
        var managed = o.At("metadata", "managedFields");
        if (subresource == "status")
        {
            o = type.Strategy.PrepareStatusUpdate(o, old);
            if (managed is not null)
                o.Metadata()["managedFields"] = managed.DeepClone();
        }
        else if (subresource.Length == 0)
        {
            if (type.HasStatus)
                o.SetOrRemove("status", old["status"]?.DeepClone());
        }

        KeepSystemMetadata(o, old);
        DropEmptyMetadata(o);
        Complete(type, o);
        if (subresource.Length == 0)
            type.Strategy.PrepareUpdate(o, old);
        if (type.Strategy.HasGeneration && subresource != "status" && Changed(type, o, old))
            o.Metadata()["generation"] = (old.Number("metadata", "generation") ?? 0) + 1;
        var errors = MetadataValidation.Update(o, old).ToList();
        if (subresource.Length == 0)
            errors.AddRange(type.Strategy.ValidateUpdate(o, old));
        SchemaErrors(type, o, old, subresource, errors);
        if (errors.Count > 0)
            throw type.Invalid(stored.Name, errors);
        if (track is not null)
            track(o, old);
        else if (options.Manager is { } manager)
            ManagedFields.Track(o, old, type, manager, subresource, Now);
        o.Metadata()["resourceVersion"] = old.Text("metadata", "resourceVersion");
        if (ManagedFields.SameBut(o, old))
            return stored;
        var finished = o.IsDeleting() && !ObjectDeleter.IsHeld(o, type);
        if (options.DryRun)
            return new StoredObject(type.StorageName, stored.Namespace, stored.Name, stored.Version, o);
        if (finished)
            return store.Delete(stored) ? new StoredObject(type.StorageName, stored.Namespace, stored.Name, stored.Version, o) : null;
        return store.Update(stored, o);
    }

    /// <summary>Defaults of the kind and of the schema.</summary>
    private static void Complete(ResourceType type, JsonObject o)
    {
        if (type.Custom)
        {
            Defaulting.Apply(o, type.Schema);
        }
        else
        {
            type.Strategy.SetDefaults(o);
        }
    }

    private static void SchemaErrors(ResourceType type, JsonObject o, JsonObject? old, string subresource, List<FieldError> errors)
    {
        if (!type.Custom || subresource == "finalize")
            return;
        // A write of the status is not held against what has become of the rules for the spec.
        if (subresource != "status")
            errors.AddRange(Validation.Check(o, type.Schema, "", old));
        else if (o["status"] is { } status && type.Schema.Member("status") is { } member)
            errors.AddRange(Validation.Check(status, member, "status", old.At("status")));
        if (errors.Exists(Validation.IsBlocking) && type.Schema.HasRules)
            errors.Add(FieldError.Invalid("<nil>", null, "some validation rules were not checked because the object was invalid; "
                + "correct the existing errors to complete validation"));
        else if (!errors.Exists(Validation.IsBlocking))
            errors.AddRange(CelRules.Check(type.Schema, o, old));
    }

    private static bool Changed(ResourceType type, JsonObject o, JsonObject old)
    {
        if (!type.Custom)
            return !JsonAccess.Same(o["spec"], old["spec"]);
        // A default that the schema has gained meanwhile is no change.
        var before = old.Copy();
        Defaulting.Apply(before, type.Schema);
        var keys = o.Select(p => p.Key).Union(before.Select(p => p.Key));
        return keys.Any(k => k is not ("metadata" or "apiVersion" or "kind") && !(k == "status" && type.HasStatus)
            && !JsonAccess.Same(o[k], before[k]));
    }

    private static void KeepSystemMetadata(JsonObject o, JsonObject old)
    {
        foreach (var field in new[] { "name", "namespace", "generateName", "uid", "creationTimestamp", "deletionTimestamp",
            "deletionGracePeriodSeconds", "generation" })
            o.Metadata().SetOrRemove(field, old.At("metadata", field)?.DeepClone());
    }

    private static void DropEmptyMetadata(JsonObject o)
    {
        var metadata = o.Metadata();
        foreach (var field in new[] { "labels", "annotations", "finalizers", "ownerReferences" })
        {
            if (metadata[field] is null or JsonObject { Count: 0 } or JsonArray { Count: 0 })
                metadata.Remove(field);
        }
    }

    private void CheckNamespace(ResourceType type, string ns, JsonObject o)
    {
        if (!type.Namespaced)
            return;
        var parent = store.Get("/namespaces", "", ns) ?? throw Fail.NotFound("", "namespaces", ns);
        if (parent.Document.Text("status", "phase") != "Terminating")
            return;
        var error = Fail.Forbidden(type.Group, type.Plural, o.Name(),
            $"unable to create new content in namespace {ns} because it is being terminated");
        error.Details!["causes"] = new JsonArray(new JsonObject
        {
            ["reason"] = "NamespaceTerminating",
            ["message"] = $"namespace {ns} is being terminated",
            ["field"] = "metadata.namespace",
        });
        throw error;
    }
}
