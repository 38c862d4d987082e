namespace LightReasoner.DevCluster.Authorization;

/// <summary>RBAC: roles and bindings decide; system:masters may do everything; everybody who is known may read discovery.</summary>
internal sealed class Authorizer(Store store)
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    private static readonly string[] Discovery = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
        "/healthz/*", "/livez/*", "/readyz", "/readyz/*", "/version"];
    private static readonly string[] Public = ["/healthz", "/healthz/*", "/livez", "/livez/*", "/readyz", "/readyz/*", "/version"];

    public bool Allows(UserInfo user, Attributes a)
    {
        var known = user.Groups.Contains("system:authenticated");
        if (user.IsAdmin || (a.Path is { } path && a.Verb is "get" or "head"
            && (known ? Discovery : Public).Any(p => PathMatches(p, path))))
            return true;
        // Reviews of oneself are open to everybody who is known.
        if (known && a is { Verb: "create", Resource: "selfsubjectaccessreviews" or "selfsubjectreviews" })
            return true;
        return RulesOf(user, a.Namespace).Any(r => Allows(r, a));
    }

    public void Demand(UserInfo user, Attributes a)
    {
        if (Allows(user, a))
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

    /// <summary>The rules that hold for a user in a namespace.</summary>
    private IEnumerable<JsonObject> RulesOf(UserInfo user, string ns)
    {
        var cluster = store.List($"{RbacGroup}/clusterrolebindings").Objects.Values;
        var local = store.List($"{RbacGroup}/rolebindings").Objects.Values.Where(b => ns.Length > 0 && b.Namespace == ns);
        foreach (var binding in cluster.Concat(local).Where(b => b.Document.Items("subjects").Any(s => Names(s, user, b.Namespace))))
        {
            var name = binding.Document.Text("roleRef", "name") ?? "";
            var role = binding.Document.Text("roleRef", "kind") == "Role" ? store.Get($"{RbacGroup}/roles", binding.Namespace, name)
                : store.Get($"{RbacGroup}/clusterroles", "", name);
            foreach (var rule in (role?.Document).Items("rules"))
                yield return rule;
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
        bool Has(string field, string value) => rule[field].Strings().Any(v => v == "*" || v == value);
        if (!Has("verbs", a.Verb))
            return false;
        if (a.Path is { } path)
            return rule.Strings("nonResourceURLs").Any(p => PathMatches(p, path));
        var sub = a.Resource.Contains('/') ? "*/" + a.Resource.Split('/')[1] : a.Resource;
        return Has("apiGroups", a.Group) && (Has("resources", a.Resource) || Has("resources", sub))
            && (rule.ArrayAt("resourceNames") is null or { Count: 0 } || rule.Strings("resourceNames").Contains(a.Name));
    }

    private static bool PathMatches(string pattern, string path)
        => pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
}
