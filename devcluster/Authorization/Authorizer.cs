using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Storage;
using LightReasoner.DevCluster.Tokens;

namespace LightReasoner.DevCluster.Authorization;

/// <summary>RBAC: roles and bindings decide; system:masters may do everything; everybody who is known may read discovery.</summary>
internal sealed class Authorizer(Store store)
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    private static readonly string[] Discovery = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
        "/readyz", "/version", "/version/"];
    private static readonly string[] Public = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

    /// <summary>Whether it is allowed, and by what.</summary>
    public (bool Allowed, string Reason) Check(UserInfo user, Attributes a)
    {
        if (user.IsAdmin)
            return (true, "");
        if (a.Path is { } path && a.Verb is "get" or "head")
        {
            if (user.Groups.Contains("system:authenticated") && Discovery.Any(p => PathMatches(p, a.Path!)))
                return (true,
                    "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group "
                    + "\"system:authenticated\"");
            if (Public.Contains(path) || Public.Any(p => path.StartsWith(p + "/", StringComparison.Ordinal)))
                return (true,
                    "RBAC: allowed by ClusterRoleBinding \"system:public-info-viewer\" of ClusterRole \"system:public-info-viewer\" to "
                    + "Group \"system:unauthenticated\"");
        }

        // Reviews of one's own rights are open to everybody who is known.
        if (a is { Verb: "create", Group: "authorization.k8s.io",
            Resource: "selfsubjectaccessreviews" or "selfsubjectrulesreviews" } or { Verb: "create", Group: "authentication.k8s.io",
            Resource: "selfsubjectreviews" }
            && user.Name != UserInfo.Anonymous.Name)
        {
            return (true,
                "RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to Group "
                + "\"system:authenticated\"");
        }

        foreach (var (binding, subject, rules, role) in BindingsOf(user, a.Namespace))
        {
            if (rules.Any(r => Allows(r, a)))
                return (true, $"RBAC: allowed by {binding} of {role} to {subject}");
        }

        return (false, "");
    }

    public void Demand(UserInfo user, Attributes a)
    {
        if (Check(user, a).Allowed)
            return;
        if (a.Path is { } path)
            throw new ApiException(403, "Forbidden",
                $"forbidden: User {FieldError.Quote(user.Name)} cannot {a.Verb} path {FieldError.Quote(path)}", []);
        var plural = a.Resource.Split('/')[0];
        var what = Fail.Qualified(a.Group, plural) + (a.Name.Length > 0 ? $" {FieldError.Quote(a.Name)}" : "");
        var where = a.Namespace.Length > 0 ? $"in the namespace {FieldError.Quote(a.Namespace)}" : "at the cluster scope";
        throw new ApiException(403, "Forbidden",
            $"{what} is forbidden: User {FieldError.Quote(user.Name)} cannot {a.Verb} resource {FieldError.Quote(a.Resource)} in API "
                + $"group {FieldError.Quote(a.Group)} {where}",
            Fail.Details(a.Name, a.Group, plural));
    }

    /// <summary>The rules that hold for a user in a namespace, as they are written.</summary>
    public IEnumerable<JsonObject> RulesOf(UserInfo user, string ns) => BindingsOf(user, ns).SelectMany(b => b.Rules);

    private IEnumerable<(string Binding, string Subject, List<JsonObject> Rules, string Role)> BindingsOf(UserInfo user, string ns)
    {
        var cluster = store.List($"{RbacGroup}/clusterrolebindings").Objects.Values;
        var local = ns.Length == 0 ? [] : store.List($"{RbacGroup}/rolebindings").Objects.Values.Where(b => b.Namespace == ns);
        foreach (var binding in cluster.Concat(local))
        {
            var subject = (binding.Document.ArrayAt("subjects") ?? []).FirstOrDefault(s => Names(s, user, binding.Namespace));
            if (subject is null)
                continue;
            var kind = binding.Document.Text("roleRef", "kind") ?? "";
            var name = binding.Document.Text("roleRef", "name") ?? "";
            var role = kind == "Role" ? store.Get($"{RbacGroup}/roles", binding.Namespace, name)
                : store.Get($"{RbacGroup}/clusterroles", "", name);
            var rules = (role?.Document.ArrayAt("rules") ?? []).OfType<JsonObject>().ToList();
            yield return (
                $"{binding.Document.Kind()} \"{(binding.Namespace.Length > 0 ? $"{binding.Name}/{binding.Namespace}" : binding.Name)}\"",
                $"{subject.Text("kind")} \"{subject.Text("name")}\"", rules, $"{kind} \"{name}\"");
        }
    }

    private static bool Names(JsonNode? subject, UserInfo user, string ns) => subject.Text("kind") switch
    {
        "User" => subject.Text("name") == user.Name,
        "Group" => user.Groups.Contains(subject.Text("name")),
        "ServiceAccount" => user.Name == $"system:serviceaccount:{subject.Text("namespace") ?? ns}:{subject.Text("name")}",
        _ => false,
    };

    private static bool Allows(JsonObject rule, Attributes a)
    {
        bool Has(string field, string value) => rule[field].StringItems().Any(v => v == "*" || v == value);
        if (!Has("verbs", a.Verb))
            return false;
        if (a.Path is { } path)
            return rule["nonResourceURLs"].StringItems().Any(p => PathMatches(p, path));
        var sub = a.Resource.Contains('/') ? "*/" + a.Resource.Split('/')[1] : a.Resource;
        return Has("apiGroups", a.Group) && (Has("resources", a.Resource) || Has("resources", sub))
            && (rule.ArrayAt("resourceNames") is null or { Count: 0 } || rule["resourceNames"].StringItems().Contains(a.Name));
    }

    private static bool PathMatches(string pattern, string path)
        => pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
}
