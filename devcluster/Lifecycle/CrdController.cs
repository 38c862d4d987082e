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
    private const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    private readonly ResourceType type = registry.Get("apiextensions.k8s.io", "v1", "customresourcedefinitions");

    public async Task Run(CancellationToken stop)
    {
        using var subscription = store.Subscribe(null, store.Forgotten)!;
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
        var conflict = Conflict(crd);
        if (conflict is { } problem)
        {
            SetCondition(name, "NamesAccepted", "False", problem.Reason, problem.Message);
            if (!HasCondition(crd, "Established"))
                SetCondition(name, "Established", "False", "NotAccepted", "not all names are accepted");
            return;
        }

        SetCondition(name, "NamesAccepted", "True", "NoConflicts", "no conflicts found", s =>
            s["acceptedNames"] = crd.At("spec", "names")!.DeepClone());
        SetCondition(name, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
        Serve(crd);
    }

    private (string Reason, string Message)? Conflict(JsonObject crd)
    {
        var group = crd.StringAt("spec", "group");
        var mine = crd.ObjectAt("spec", "names")!;
        var taken = store.List(type.StorageName).Objects.Values
            .Where(o => o.Name != crd.Name() && o.Document.StringAt("spec", "group") == group)
            .Select(o => o.Document.ObjectAt("status", "acceptedNames")).OfType<JsonObject>().ToList();
        var resources = taken.SelectMany(n => new[] { n.StringAt("plural"), n.StringAt("singular") }.Concat(n["shortNames"].StringItems())).ToHashSet();
        var kinds = taken.SelectMany(n => new[] { n.StringAt("kind"), n.StringAt("listKind") }).ToHashSet();
        var problems = new List<(string Reason, string Message)>();
        void Check(string reason, string? value, HashSet<string?> used)
        {
            if (value is { Length: > 0 } && used.Contains(value))
                problems.Add((reason, $"\"{value}\" is already in use"));
        }

        Check("PluralConflict", mine.StringAt("plural"), resources);
        Check("SingularConflict", mine.StringAt("singular"), resources);
        foreach (var shortName in mine["shortNames"].StringItems())
            Check("ShortNamesConflict", shortName, resources);
        Check("KindConflict", mine.StringAt("kind"), kinds);
        Check("ListKindConflict", mine.StringAt("listKind"), kinds);
        return problems.Count == 0 ? null : problems[^1];
    }

    private void Serve(JsonObject crd)
    {
        var names = crd.ObjectAt("status", "acceptedNames")?.Count > 2 ? crd.ObjectAt("status", "acceptedNames")! : crd.ObjectAt("spec", "names")!;
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
                OpenApiSchema = openApi,
                Schema = StructuralSchema.ForResource(openApi),
                Strategy = new CustomResourceStrategy(version),
                Subresources = version.At("subresources", "status") is not null ? [new("status", names.StringAt("kind")!, ResourceType.StatusVerbs)] : [],
                DeprecationWarning = version.BoolAt("deprecated")
                    ? version.StringAt("deprecationWarning") ?? $"{group}/{version.StringAt("name")} {names.StringAt("kind")} is deprecated"
                    : null,
            });
        }

        registry.Replace(group, plural, types);
    }

    private string? Terminating(string resource)
        => store.List(type.StorageName).Objects.Values
            .FirstOrDefault(o => o.Document.IsDeleting() && $"{o.Document.StringAt("spec", "group")}/{o.Document.StringAt("spec", "names", "plural")}" == resource)?.Name;

    private void Terminate(string name)
    {
        if (store.Get(type.StorageName, "", name)?.Document is not { } crd || !crd.At("metadata", "finalizers").StringItems().Contains(Finalizer))
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
            var rest = o.At("metadata", "finalizers").StringItems().Where(f => f != Finalizer).ToList();
            o.Metadata().SetOrRemove("finalizers", rest.Count == 0 ? null : JsonAccess.Strings(rest));
            o.Metadata().Remove("resourceVersion");
            return o;
        }, WriteOptions.Internal);
    }

    private static bool HasCondition(JsonObject crd, string condition)
        => (crd.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == condition);

    private void SetCondition(string name, string condition, string status, string reason, string message, Action<JsonObject>? also = null)
    {
        try
        {
            writer.Update(type, "", name, "finalize", o =>
            {
                var s = o.Ensure("status");
                also?.Invoke(s);
                if (condition == "Established" && status == "True")
                {
                    var finalizers = o.At("metadata", "finalizers").StringItems().ToList();
                    if (!finalizers.Contains(Finalizer))
                        o.Metadata()["finalizers"] = JsonAccess.Strings([.. finalizers, Finalizer]);
                }

                var conditions = s["conditions"] as JsonArray ?? [];
                var old = conditions.OfType<JsonObject>().FirstOrDefault(c => c.StringAt("type") == condition);
                var now = new JsonObject
                {
                    ["type"] = condition,
                    ["status"] = status,
                    ["lastTransitionTime"] = old.StringAt("status") == status ? old.StringAt("lastTransitionTime") : writer.Now,
                    ["reason"] = reason,
                    ["message"] = message,
                };
                if (old is null)
                    conditions.Add(now);
                else if (!JsonAccess.Same(old, now))
                    conditions[conditions.IndexOf(old)] = now;
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
}
