using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Schema;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Lifecycle;

/// <summary>Serves what CustomResourceDefinitions define: accepts their names, establishes them, and clears up after deleted ones.</summary>
internal sealed class CrdController(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter)
{
    private readonly ResourceType type = registry.Get("apiextensions.k8s.io", "v1", "customresourcedefinitions");

    public async Task Run(CancellationToken stop)
    {
        var snapshot = store.List(type.StorageName);
        using var subscription = store.Subscribe(null, snapshot.Version)!;
        foreach (var crd in snapshot.Objects.Values)
            Handle(new Change(crd.Version, null, crd));
        await foreach (var change in subscription.Changes.ReadAllAsync(stop))
        {
            if (change.Any.Resource == type.StorageName)
                Handle(change);
            else if (change.New is null && Terminating(change.Any.Resource) is { } name)
                Terminate(name);
        }
    }

    private void Handle(Change change)
    {
        if (change.New is null)
        {
            registry.Replace(change.Old!.Document.StringAt("spec", "group")!, change.Old.Document.StringAt("spec", "names", "plural")!, []);
            foreach (var other in store.List(type.StorageName).Objects.Values)
                Accept(other.Name);
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

    // Decides on the names, then establishes, then serves.
    private void Accept(string name)
    {
        if (store.Get(type.StorageName, "", name)?.Document is not { } crd || crd.IsDeleting())
            return;
        var (accepted, conflict) = Decide(crd);
        if (conflict is { } problem)
        {
            SetCondition(name, "NamesAccepted", "False", problem.Reason, problem.Message, s => s["acceptedNames"] = accepted.DeepClone());
            if (!HasCondition(crd, "Established"))
                SetCondition(name, "Established", "False", "NotAccepted", "not all names are accepted");
            return;
        }

        SetConditions(name, s => s["acceptedNames"] = accepted.DeepClone(),
        [
            ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
            .. HasCondition(crd, "Established", "True") ? [] : new[] { ("Established", "False", "Installing", "the initial names have been accepted") },
        ]);
        SetCondition(name, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
        Serve(crd);
    }

    // The names that are free, and the last conflict among the others.
    private (JsonObject Accepted, (string Reason, string Message)? Conflict) Decide(JsonObject crd)
    {
        var group = crd.StringAt("spec", "group");
        var mine = crd.ObjectAt("spec", "names")!;
        var taken = store.List(type.StorageName).Objects.Values
            .Where(o => o.Name != crd.Name() && o.Document.StringAt("spec", "group") == group)
            .Select(o => o.Document.ObjectAt("status", "acceptedNames")).OfType<JsonObject>().ToList();
        var resources = taken.SelectMany(n => new[] { n.StringAt("plural"), n.StringAt("singular") }.Concat(n["shortNames"].StringItems())).ToHashSet();
        var kinds = taken.SelectMany(n => new[] { n.StringAt("kind"), n.StringAt("listKind") }).ToHashSet();
        (string, string)? conflict = null;
        bool Free(string reason, string? value, HashSet<string?> used)
        {
            if (value is not { Length: > 0 } || !used.Contains(value))
                return true;
            conflict = (reason, $"\"{value}\" is already in use");
            return false;
        }

        var accepted = new JsonObject { ["plural"] = "", ["kind"] = "" };
        foreach (var (field, reason, used) in new[] { ("plural", "PluralConflict", resources), ("singular", "SingularConflict", resources) })
        {
            if (Free(reason, mine.StringAt(field), used))
                accepted.SetOrRemove(field, mine[field]?.DeepClone());
        }

        var shortNames = mine["shortNames"].StringItems().ToList();
        if (shortNames.Count > 0 && shortNames.All(s => Free("ShortNamesConflict", s, resources)))
            accepted["shortNames"] = JsonAccess.Strings(shortNames);
        foreach (var (field, reason) in new[] { ("kind", "KindConflict"), ("listKind", "ListKindConflict") })
        {
            if (Free(reason, mine.StringAt(field), kinds))
                accepted.SetOrRemove(field, mine[field]?.DeepClone());
        }

        if (mine["categories"] is { } categories)
            accepted["categories"] = categories.DeepClone();
        return (accepted, conflict);
    }

    private void Serve(JsonObject crd)
    {
        var names = crd.ObjectAt("spec", "names")!;
        var group = crd.StringAt("spec", "group")!;
        var plural = names.StringAt("plural")!;
        var types = new List<ResourceType>();
        foreach (var version in (crd.ArrayAt("spec", "versions") ?? []).OfType<JsonObject>().Where(v => v.BoolAt("served")))
        {
            var openApi = version.ObjectAt("schema", "openAPIV3Schema");
            types.Add(new ResourceType
            {
                Group = group,
                Version = version.StringAt("name")!,
                Plural = plural,
                Singular = names.StringAt("singular") ?? "",
                Kind = names.StringAt("kind")!,
                ListKindOverride = names.StringAt("listKind"),
                Namespaced = crd.StringAt("spec", "scope") == "Namespaced",
                ShortNames = [.. names["shortNames"].StringItems()],
                Categories = [.. names["categories"].StringItems()],
                Custom = true,
                DefaultsOnRead = crd.LongAt("metadata", "generation") > 1,
                OpenApiSchema = openApi,
                Schema = StructuralSchema.ForResource(openApi),
                Strategy = new CustomResourceStrategy(version),
                Subresources = Subresources(version, names.StringAt("kind")!),
                Scale = Scale(version.ObjectAt("subresources", "scale")),
                DeprecationWarning = version.BoolAt("deprecated")
                    ? version.StringAt("deprecationWarning") ?? $"{group}/{version.StringAt("name")} {names.StringAt("kind")} is deprecated"
                    : null,
            });
        }

        registry.Replace(group, plural, types);
    }

    private static Subresource[] Subresources(JsonObject version, string kind) =>
    [
        .. version.At("subresources", "status") is null ? [] : new[] { new Subresource("status", kind, ResourceType.StatusVerbs) },
        .. version.At("subresources", "scale") is null ? [] : new[] { new Subresource("scale", "Scale", ResourceType.StatusVerbs, "autoscaling", "v1") },
    ];

    private static ScalePaths? Scale(JsonObject? scale)
    {
        return scale is null ? null : new ScalePaths(Keys("specReplicasPath")!, Keys("statusReplicasPath")!, Keys("labelSelectorPath"));

        string[]? Keys(string field) => scale.StringAt(field)?.TrimStart('.').Split('.');
    }

    private string? Terminating(string resource)
        => store.List(type.StorageName).Objects.Values
            .FirstOrDefault(o => o.Document.IsDeleting() && $"{o.Document.StringAt("spec", "group")}/{o.Document.StringAt("spec", "names", "plural")}" == resource)?.Name;

    private void Terminate(string name)
    {
        if (store.Get(type.StorageName, "", name)?.Document is not { } crd || !crd.At("metadata", "finalizers").StringItems().Contains(CustomResourceDefinitionStrategy.CleanupFinalizer))
            return;
        SetCondition(name, "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress");
        var group = crd.StringAt("spec", "group")!;
        var plural = crd.StringAt("spec", "names", "plural")!;
        var served = registry.All.FirstOrDefault(t => t.Custom && t.Group == group && t.Plural == plural);
        var remaining = 0;
        foreach (var instance in store.List($"{group}/{plural}").Objects.Values)
        {
            if (served is null)
                store.Delete(instance);
            else if (!deleter.Delete(served, instance.Namespace, instance.Name, DeleteOptions.Background).Gone)
                remaining++;
        }

        if (remaining > 0)
            return;
        SetCondition(name, "Terminating", "False", "InstanceDeletionCompleted", "removed all instances");
        writer.Update(type, "", name, "finalize", o =>
        {
            var rest = o.At("metadata", "finalizers").StringItems().Where(f => f != CustomResourceDefinitionStrategy.CleanupFinalizer).ToList();
            o.Metadata().SetOrRemove("finalizers", rest.Count == 0 ? null : JsonAccess.Strings(rest));
            o.Metadata().Remove("resourceVersion");
            return o;
        }, WriteOptions.Internal);
    }

    private static bool HasCondition(JsonObject crd, string condition, string? status = null)
        => (crd.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == condition && (status is null || c.StringAt("status") == status));

    private void SetCondition(string name, string condition, string status, string reason, string message, Action<JsonObject>? also = null)
        => SetConditions(name, also, [(condition, status, reason, message)]);

    private void SetConditions(string name, Action<JsonObject>? also, (string Type, string Status, string Reason, string Message)[] wanted)
    {
        try
        {
            writer.Update(type, "", name, "finalize", o =>
            {
                var s = o.Ensure("status");
                also?.Invoke(s);
                var conditions = s["conditions"] as JsonArray ?? [];
                foreach (var condition in wanted)
                    Set(conditions, condition);
                if (conditions.Parent is null)
                    s["conditions"] = conditions;
                o.Metadata().Remove("resourceVersion");
                return o;
            }, WriteOptions.Internal);
        }
        catch (ApiException e) when (e.Code == 404)
        {
            // Deleted meanwhile.
        }
    }

    private void Set(JsonArray conditions, (string Type, string Status, string Reason, string Message) wanted)
    {
        var old = conditions.OfType<JsonObject>().FirstOrDefault(c => c.StringAt("type") == wanted.Type);
        var now = new JsonObject
        {
            ["type"] = wanted.Type,
            ["status"] = wanted.Status,
            ["lastTransitionTime"] = old.StringAt("status") == wanted.Status ? old.StringAt("lastTransitionTime") : writer.Now,
            ["reason"] = wanted.Reason,
            ["message"] = wanted.Message,
        };
        if (old is null)
            conditions.Add(now);
        else if (!JsonAccess.Same(old, now))
            conditions[conditions.IndexOf(old)] = now;
    }
}
