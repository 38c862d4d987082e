namespace LightReasoner.DevCluster.Lifecycle;

/// <summary>Gives every namespace its default service account and CA bundle, and empties the ones that are deleted.</summary>
internal sealed class NamespaceController(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter, string caCertificate)
{
    private const string CaConfigMap = "kube-root-ca.crt";

    private readonly ResourceType type = registry.Get("", "v1", "namespaces");

    public async Task Run(CancellationToken stop)
    {
        var snapshot = store.List(type.StorageName);
        using var subscription = store.Subscribe(null, snapshot.Version)!;
        foreach (var ns in snapshot.Objects.Values)
            Handle(new Change(ns.Version, null, ns));
        await foreach (var change in subscription.Changes.ReadAllAsync(stop))
        {
            try
            {
                Handle(change);
            }
            catch (ApiException e) when (e.Code is 404 or 409 or 403)
            {
                // The namespace or the object changed meanwhile; its own change follows.
            }
        }
    }

    private void Handle(Change change)
    {
        if (change.Any.Resource == type.StorageName)
        {
            if (change.New is null)
                return;
            if (change.New.Document.IsDeleting())
                Empty(change.New.Name);
            else
                Furnish(change.New.Name);
        }
        else if (change.New is null && change.Any.Namespace.Length > 0
            && store.Get(type.StorageName, "", change.Any.Namespace) is { } parent)
        {
            if (parent.Document.IsDeleting())
                Empty(parent.Name);
            else if (change.Any.Name is "default" or CaConfigMap)
                Furnish(parent.Name);
        }
    }

    private void Furnish(string ns)
    {
        Make("serviceaccounts", ns, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" } });
        Make("configmaps", ns, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = CaConfigMap },
            ["data"] = new JsonObject { ["ca.crt"] = caCertificate },
        });
    }

    private void Make(string plural, string ns, JsonObject o)
    {
        var kind = registry.Get("", "v1", plural);
        if (store.Get(kind.StorageName, ns, o.Name()) is not null)
            return;
        o["kind"] = kind.Kind;
        o["apiVersion"] = kind.GroupVersion;
        writer.Create(kind, ns, o, new WriteOptions("kube-controller-manager"));
    }

    private void Empty(string ns)
    {
        var remaining = new List<(ResourceType Type, StoredObject Object)>();
        foreach (var kind in registry.All.Where(t => t.Namespaced && t.Verbs.Contains("delete")).DistinctBy(t => t.StorageName))
        {
            foreach (var o in store.List(kind.StorageName).Objects.Values.Where(o => o.Namespace == ns))
            {
                if (!deleter.Delete(kind, ns, o.Name, DeleteOptions.Background).Gone && store.Get(kind.StorageName, ns, o.Name) is { } held)
                    remaining.Add((kind, held));
            }
        }

        writer.Change(type, "", ns, o =>
        {
            var held = remaining.Select(r => $"{r.Type.QualifiedName} {r.Object.Name}").ToList();
            if (held.Count == 0)
                o["spec"]!.AsObject().Remove("finalizers");
            else
                o.SetCondition(writer.Now, "NamespaceContentRemaining", true, "SomeResourcesRemain",
                    $"Some resources are remaining: {string.Join(", ", held)}");
        });
    }
}
