using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class RoleStrategy(bool namespaced) : ResourceStrategy
{
    public override void SetDefaults(JsonObject o)
    {
        if (!o.ContainsKey("rules"))
            o["rules"] = null;
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => [];

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        var rules = o.ArrayAt("rules");
        for (var i = 0; i < (rules?.Count ?? 0); i++)
        {
            if (!rules![i].At("verbs").StringItems().Any())
                yield return FieldError.Required($"rules[{i}].verbs", "verbs must contain at least one value");
            var paths = rules[i].At("nonResourceURLs").StringItems().Any();
            if (paths && namespaced)
                yield return FieldError.Invalid($"rules[{i}].nonResourceURLs", rules[i].At("nonResourceURLs"), "namespaced rules cannot apply to non-resource URLs");
            if (paths)
                continue;
            if (!rules[i].At("apiGroups").StringItems().Any())
                yield return FieldError.Required($"rules[{i}].apiGroups", "resource rules must supply at least one api group");
            if (!rules[i].At("resources").StringItems().Any())
                yield return FieldError.Required($"rules[{i}].resources", "resource rules must supply at least one resource");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => ValidateCreate(o);
}

internal sealed class RoleBindingStrategy : ResourceStrategy
{
    private const string Group = "rbac.authorization.k8s.io";

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Role", Description: "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace."),
        Column.Age,
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), $"{o.StringAt("roleRef", "kind")}/{o.StringAt("roleRef", "name")}", TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        o.Ensure("roleRef").Default("apiGroup", Group);
        foreach (var subject in o.ArrayAt("subjects")?.OfType<JsonObject>() ?? [])
        {
            if (subject.StringAt("kind") is "User" or "Group")
                subject.Default("apiGroup", Group);
        }
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => [];

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.StringAt("roleRef", "kind") is not ("Role" or "ClusterRole") and var kind)
            yield return FieldError.NotSupported("roleRef.kind", kind ?? "", "Role", "ClusterRole");
        if (o.StringAt("roleRef", "name") is not { Length: > 0 })
            yield return FieldError.Required("roleRef.name");
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
    {
        if (!JsonAccess.Same(o["roleRef"], old["roleRef"]))
            yield return FieldError.Invalid("roleRef", o["roleRef"], "cannot change roleRef");
    }
}
