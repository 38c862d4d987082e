namespace LightReasoner.DevCluster.Discovery;

/// <summary>
/// Which groups, versions and resources there are: <c>/api</c>, <c>/apis</c> and below. Not aggregated: every client knows this form.
/// </summary>
internal sealed class DiscoveryEndpoint(Registry registry)
{
    private IEnumerable<(string Group, string Version)> Groups
        => registry.All.Where(t => t.Group.Length > 0).Select(t => (t.Group, t.Version)).Distinct();

    public Task Handle(HttpContext http, string[] path) => Writing.Write(http, 200, path switch
    {
        ["api"] => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
        ["apis"] => new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode)Group(g.Group, g.Version))]),
        },
        ["api", "v1"] => Resources("", "v1"),
        ["apis", var group] when Groups.FirstOrDefault(g => g.Group == group) is { Group: not null } found =>
            new JsonObject([KeyValuePair.Create("kind", (JsonNode?)"APIGroup"), KeyValuePair.Create("apiVersion", (JsonNode?)"v1"),
                .. Group(found.Group, found.Version).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))]),
        ["apis", var group, var version] when Groups.Contains((group, version)) => Resources(group, version),
        _ => throw Fail.UnknownResource(),
    });

    private static JsonObject Group(string group, string version)
    {
        JsonObject Version() => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        return new JsonObject { ["name"] = group, ["versions"] = new JsonArray(Version()), ["preferredVersion"] = Version() };
    }

    private JsonObject Resources(string group, string version)
    {
        var list = new JsonArray();
        foreach (var type in registry.All.Where(t => t.Group == group && t.Version == version)
            .OrderBy(t => t.Plural, StringComparer.Ordinal))
        {
            var o = new JsonObject
            {
                ["name"] = type.Plural,
                ["singularName"] = type.Singular,
                ["namespaced"] = type.Namespaced,
                ["kind"] = type.Kind,
                ["verbs"] = JsonAccess.Strings(type.Verbs),
            };
            if (type.ShortNames.Length > 0)
                o["shortNames"] = JsonAccess.Strings(type.ShortNames);
            if (type.Categories.Length > 0)
                o["categories"] = JsonAccess.Strings(type.Categories);
            list.Add(o);
            foreach (var sub in type.Subresources)
            {
                var s = new JsonObject { ["name"] = $"{type.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = type.Namespaced };
                if (sub.Group.Length > 0)
                    (s["group"], s["version"]) = (sub.Group, sub.Version);
                s["kind"] = sub.Kind;
                s["verbs"] = JsonAccess.Strings(sub.Verbs);
                list.Add(s);
            }
        }

        var groupVersion = group.Length == 0 ? version : $"{group}/{version}";
        var body = new JsonObject { ["kind"] = "APIResourceList", ["groupVersion"] = groupVersion, ["resources"] = list };
        if (group.Length > 0)
            body["apiVersion"] = "v1";
        return body;
    }
}
