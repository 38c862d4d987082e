namespace LightReasoner.DevCluster.Lifecycle;

/// <summary>Serves what CustomResourceDefinitions define, and clears up after deleted ones.</summary>
internal sealed class CrdController(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter)
{
    private readonly ResourceType type = registry.Get("apiextensions.k8s.io", "v1", "customresourcedefinitions");

    public async Task Run(CancellationToken stop)
    {
        using var subscription = store.Subscribe(null, store.Forgotten)!;
        await foreach (var change in subscription.Changes.ReadAllAsync(stop))
        {
            if (change.Any.Resource != type.StorageName)
            {
                if (change.New is null && Terminating(change.Any.Resource) is { } name)
                    Terminate(name);
            }
            else if (change.New is null)
            {
                registry.Replace(change.Any.Document.Text("spec", "group")!, change.Any.Document.Text("spec", "names", "plural")!, null);
            }
            else if (change.New.Document.IsDeleting())
            {
                Terminate(change.New.Name);
            }
            else
            {
                Accept(change.New.Name);
            }
        }
    }

    private void Accept(string name)
    {
        if (store.Get(type.StorageName, "", name)?.Document is not { } crd || crd.IsDeleting())
            return;
        var names = crd.Map("spec", "names")!;
        var version = crd.Items("spec", "versions").First();
        var schema = version.Map("schema", "openAPIV3Schema")!;
        var (group, plural, kind) = (crd.Text("spec", "group")!, names.Text("plural")!, names.Text("kind")!);
        registry.Replace(group, plural, new ResourceType
        {
            Group = group,
            Version = version.Text("name")!,
            Plural = plural,
            Singular = names.Text("singular") ?? "",
            Kind = kind,
            Namespaced = crd.Text("spec", "scope") == "Namespaced",
            ShortNames = [.. names.Strings("shortNames")],
            Categories = [.. names.Strings("categories")],
            Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
            DefaultsOnRead = crd.Number("metadata", "generation") > 1,
            OpenApiSchema = schema,
            Schema = StructuralSchema.ForResource(schema),
            Strategy = new CustomResourceStrategy(version),
            Subresources = version.At("subresources", "status") is null ? []
                : [new Subresource("status", kind, ["get", "patch", "update"])],
        });
        Write(name, o =>
        {
            o.Ensure("status")["acceptedNames"] = names.DeepClone();
            o.SetCondition(writer.Now, "NamesAccepted", true, "NoConflicts", "no conflicts found");
            o.SetCondition(writer.Now, "Established", true, "InitialNamesAccepted", "the initial names have been accepted");
        });
    }

    private string? Terminating(string resource)
        => store.List(type.StorageName).Objects.Values
            .FirstOrDefault(o => o.Document.IsDeleting()
                && $"{o.Document.Text("spec", "group")}/{o.Document.Text("spec", "names", "plural")}" == resource)?.Name;

    private void Terminate(string name)
    {
        if (store.Get(type.StorageName, "", name)?.Document is not { } crd
            || !crd.Strings("metadata", "finalizers").Contains(CustomResourceDefinitionStrategy.CleanupFinalizer))
            return;
        Write(name, o => o.SetCondition(writer.Now, "Terminating", true, "InstanceDeletionInProgress",
            "CustomResource deletion is in progress"));
        var served = registry.All.FirstOrDefault(t => t.Custom && t.QualifiedName == name);
        var remaining = 0;
        foreach (var instance in served is null ? [] : store.List(served.StorageName).Objects.Values)
        {
            if (!deleter.Delete(served!, instance.Namespace, instance.Name, DeleteOptions.Background).Gone)
                remaining++;
        }

        if (remaining > 0)
            return;
        Write(name, o => o.SetCondition(writer.Now, "Terminating", false, "InstanceDeletionCompleted", "removed all instances"));
        Write(name, o => o.RemoveFinalizer(CustomResourceDefinitionStrategy.CleanupFinalizer));
    }

    private void Write(string name, Action<JsonObject> change)
    {
        try
        {
            writer.Change(type, "", name, change);
        }
        catch (ApiException e) when (e.Code == 404)
        {
            // Deleted meanwhile.
        }
    }
}
