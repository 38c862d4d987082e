using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using KubeOps.Abstractions.Rbac;

namespace LightReasoner.Generate;

/// <summary>Where a right has to be granted.</summary>
internal enum RbacScope
{
    /// <summary>In every namespace whose runs the operator reconciles.</summary>
    WatchedNamespaces,

    /// <summary>In the operator's own namespace.</summary>
    OwnNamespace,

    /// <summary>At cluster scope, for what has no namespace.</summary>
    Cluster,
}

/// <summary>The rules of the operator's roles, from the attributes beside the code that needs them.</summary>
internal static class RbacRules
{
    private static readonly RbacVerb[] Verbs =
        [RbacVerb.Get, RbacVerb.List, RbacVerb.Watch, RbacVerb.Create, RbacVerb.Update, RbacVerb.Patch, RbacVerb.Delete];

    /// <summary>The rules by scope: as few as say it, in a fixed order.</summary>
    public static IReadOnlyDictionary<RbacScope, JsonArray> Of(Assembly assembly)
    {
        var rights = new SortedDictionary<(string Group, string Resource), RbacVerb>();
        foreach (var attribute in assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RbacAttribute>(inherit: false)))
            foreach (var (group, resource, verbs) in Rights(attribute))
                rights[(group, resource)] = rights.GetValueOrDefault((group, resource)) | verbs;

        return Enum.GetValues<RbacScope>().ToDictionary(scope => scope, scope => new JsonArray(
        [
            .. rights.Where(right => ScopeOf(right.Key.Group) == scope)
                .GroupBy(right => (right.Key.Group, Verbs: right.Value), right => right.Key.Resource)
                .Select(rule => (JsonNode)new JsonObject
                {
                    ["apiGroups"] = new JsonArray(rule.Key.Group),
                    ["resources"] = new JsonArray([.. rule.Select(resource => (JsonNode)resource)]),
                    ["verbs"] = new JsonArray(
                        [.. Verbs.Where(verb => rule.Key.Verbs.HasFlag(verb))
                            .Select(verb => (JsonNode)verb.ToString().ToLowerInvariant())]),
                }),
        ]));
    }

    private static IEnumerable<(string Group, string Resource, RbacVerb Verbs)> Rights(RbacAttribute attribute) => attribute switch
    {
        EntityRbacAttribute entity => entity.Entities.Select(type =>
            type.GetCustomAttribute<KubernetesEntityAttribute>() is { } kind
                ? (kind.Group, kind.PluralName, entity.Verbs)
                : throw new InvalidOperationException($"{type} is in an [EntityRbac] but is no Kubernetes entity.")),
        GenericRbacAttribute generic =>
            from grp in generic.Groups
            from resource in generic.Resources
            select (grp, resource, generic.Verbs),
        _ => throw new InvalidOperationException($"{attribute.GetType()} is not known here."),
    };

    private static RbacScope ScopeOf(string group) => group switch
    {
        // The lease of the leader lies beside the operator; reviews have no namespace.
        "coordination.k8s.io" => RbacScope.OwnNamespace,
        "authentication.k8s.io" => RbacScope.Cluster,
        _ => RbacScope.WatchedNamespaces,
    };
}
