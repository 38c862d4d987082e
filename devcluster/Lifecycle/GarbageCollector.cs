namespace LightReasoner.DevCluster.Lifecycle;

/// <summary>
/// Deletes objects whose owners are gone, and works off the finalizers <c>orphan</c> and <c>foregroundDeletion</c>.
/// It keeps an index of uids and of dependents by owner, fed by the changes of the store.
/// </summary>
internal sealed class GarbageCollector(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter)
{
    private readonly Dictionary<string, StoredObject> byUid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> dependents = new(StringComparer.Ordinal);

    public async Task Run(CancellationToken stop)
    {
        using var subscription = store.Subscribe(null, store.Forgotten)!;
        while (await subscription.Changes.WaitToReadAsync(stop))
        {
            var touched = new HashSet<string>(StringComparer.Ordinal);
            while (subscription.Changes.TryRead(out var change))
                Index(change, touched);
            foreach (var uid in touched)
            {
                try
                {
                    Examine(uid);
                }
                catch (ApiException e) when (e.Code is 404 or 409)
                {
                    // Changed meanwhile; the change brings us back here.
                }
            }
        }
    }

    private void Index(Change change, HashSet<string> touched)
    {
        var uid = change.Any.Document.Uid();
        foreach (var owner in Owners(change.Old?.Document))
        {
            if (dependents.TryGetValue(owner, out var set))
                set.Remove(uid);
            touched.Add(owner);
        }

        if (change.New is null)
        {
            byUid.Remove(uid);
            // The dependents of what is gone have to be looked at.
            touched.UnionWith(dependents.GetValueOrDefault(uid) ?? []);
            return;
        }

        byUid[uid] = change.New;
        foreach (var owner in Owners(change.New.Document))
        {
            if (!dependents.TryGetValue(owner, out var set))
                dependents[owner] = set = new HashSet<string>(StringComparer.Ordinal);
            set.Add(uid);
        }

        if (change.New.Document.IsDeleting() || change.New.Document.ArrayAt("metadata", "ownerReferences") is not null)
            touched.Add(uid);
    }

    private static IEnumerable<string> Owners(JsonObject? o)
        => (o?.ArrayAt("metadata", "ownerReferences") ?? []).Select(r => r.Text("uid")).OfType<string>();

    private void Examine(string uid)
    {
        if (!byUid.TryGetValue(uid, out var known) || store.Get(known.Resource, known.Namespace, known.Name) is not { } stored
            || stored.Document.Uid() != uid)
            return;
        if (registry.ByStorage(stored.Resource) is not { } type)
            return;
        var finalizers = stored.Document.Strings("metadata", "finalizers").ToList();
        if (stored.Document.IsDeleting() && finalizers.Contains("orphan"))
            OrphanDependents(type, stored);
        else if (stored.Document.IsDeleting() && finalizers.Contains("foregroundDeletion"))
            DeleteDependents(type, stored);
        else if (!stored.Document.IsDeleting())
            Collect(type, stored);
    }

    private IEnumerable<(ResourceType Type, StoredObject Object)> DependentsOf(string uid)
    {
        foreach (var dependent in dependents.GetValueOrDefault(uid)?.ToList() ?? [])
        {
            if (byUid.TryGetValue(dependent, out var known) && registry.ByStorage(known.Resource) is { } type
                && store.Get(known.Resource, known.Namespace, known.Name) is { } stored && stored.Document.Uid() == dependent)
            {
                yield return (type, stored);
            }
        }
    }

    private void OrphanDependents(ResourceType type, StoredObject owner)
    {
        foreach (var (kind, dependent) in DependentsOf(owner.Document.Uid()))
            RemoveOwners(kind, dependent, [owner.Document.Uid()]);
        RemoveFinalizer(type, owner, "orphan");
    }

    private void DeleteDependents(ResourceType type, StoredObject owner)
    {
        var blocking = false;
        foreach (var (kind, dependent) in DependentsOf(owner.Document.Uid()).ToList())
        {
            var reference = dependent.Document.ArrayAt("metadata", "ownerReferences")!.First(r => r.Text("uid") == owner.Document.Uid());
            if (!dependent.Document.IsDeleting() && Absent(dependent).Count + 1 >= Owners(dependent.Document).Count())
            {
                // A dependent that blocks others below it goes in the foreground too.
                var foreground = DependentsOf(dependent.Document.Uid()).Any(d => d.Object.Document.ArrayAt("metadata", "ownerReferences")!
                    .Any(r => r.Text("uid") == dependent.Document.Uid() && r.BoolAt("blockOwnerDeletion")));
                var gone = deleter.Delete(kind, dependent.Namespace, dependent.Name,
                    new DeleteOptions(foreground ? "Foreground" : "Background", Uid: dependent.Document.Uid())).Gone;
                blocking |= !gone && reference.BoolAt("blockOwnerDeletion");
            }
            else if (!dependent.Document.IsDeleting())
            {
                RemoveOwners(kind, dependent, [owner.Document.Uid()]);
            }
            else
            {
                blocking |= reference.BoolAt("blockOwnerDeletion");
            }
        }

        if (!blocking)
            RemoveFinalizer(type, owner, "foregroundDeletion");
    }

    // Deletes an object when none of its owners is left; forgets owners that are gone when others are there.
    private void Collect(ResourceType type, StoredObject stored)
    {
        var owners = Owners(stored.Document).ToList();
        if (owners.Count == 0)
            return;
        var absent = Absent(stored);
        if (absent.Count == 0)
            return;
        if (absent.Count < owners.Count)
            RemoveOwners(type, stored, absent);
        else
            deleter.Delete(type, stored.Namespace, stored.Name, new DeleteOptions("Background", Uid: stored.Document.Uid()));
    }

    private List<string> Absent(StoredObject stored)
    {
        var absent = new List<string>();
        foreach (var reference in stored.Document.ArrayAt("metadata", "ownerReferences") ?? [])
        {
            var uid = reference.Text("uid") ?? "";
            var type = registry.FindKind(reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "");
            // An owner of a kind that is not served may be there all the same.
            if (type is null)
                continue;
            var owner = store.Get(type.StorageName, type.Namespaced ? stored.Namespace : "", reference.Text("name") ?? "");
            if (owner is null || owner.Document.Uid() != uid)
                absent.Add(uid);
        }

        return absent;
    }

    private void RemoveOwners(ResourceType type, StoredObject dependent, List<string> uids)
        => Change(type, dependent, o =>
        {
            var rest = o.ArrayAt("metadata", "ownerReferences")!.Where(r => !uids.Contains(r.Text("uid") ?? ""))
                .Select(r => r?.DeepClone()).ToArray();
            o.Metadata().SetOrRemove("ownerReferences", rest.Length == 0 ? null : new JsonArray(rest));
        });

    private void RemoveFinalizer(ResourceType type, StoredObject stored, string finalizer)
        => Change(type, stored, o => o.RemoveFinalizer(finalizer));

    private void Change(ResourceType type, StoredObject stored, Action<JsonObject> change)
        => writer.Change(type, stored.Namespace, stored.Name, o =>
        {
            if (o.Uid() != stored.Document.Uid())
                throw type.NotFound(stored.Name);
            change(o);
        });
}
