using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Discovery;

/// <summary>Which groups, versions and resources there are: <c>/api</c>, <c>/apis</c> and below, plain and aggregated.</summary>
internal sealed class DiscoveryEndpoint(Registry registry)
{
    private const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private IEnumerable<(string Group, List<string> Versions)> Groups
        => registry.All.Where(t => t.Group.Length > 0).GroupBy(t => t.Group)
            .Select(g => (g.Key, g.Select(t => t.Version).Distinct().OrderDescending(VersionOrder.Instance).ToList()));

    /// <summary>Answers a discovery path; false when it is none.</summary>
    public async Task<bool> Handle(HttpContext http, string[] path)
    {
        switch (path)
        {
            case ["api"] or ["apis"]:
                if (WantsAggregated(http.Request))
                    await Aggregated(http, core: path[0] == "api");
                else
                    await Writing.Write(http, 200, path[0] == "api" ? CoreVersions(http) : GroupList(), Yaml(http));
                return true;
            case ["api", "v1"]:
                await Resources(http, "", "v1");
                return true;
            case ["apis", var group]:
                var found = Groups.FirstOrDefault(g => g.Group == group);
                await Writing.Write(http, 200, found.Group is null ? throw Fail.PageNotFound() : Group(found.Group, found.Versions, withKind: true), Yaml(http));
                return true;
            case ["apis", var group, var version]:
                if (!registry.All.Any(t => t.Group == group && t.Version == version))
                    throw registry.All.Any(t => t.Group == group && !t.Custom) ? Fail.UnknownResource() : Fail.PageNotFound();
                await Resources(http, group, version);
                return true;
            default:
                return false;
        }
    }

    private static bool Yaml(HttpContext http) => Negotiation.From(http.Request, allowTransforms: false).Yaml;

    // The first form of the Accept header that can be served decides; v2beta1 alone is not served.
    private static bool WantsAggregated(HttpRequest request)
    {
        var ranges = request.Headers.Accept.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var range in ranges)
        {
            var text = range.Replace(" ", "");
            if (text.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal))
            {
                if (text.Contains("v=v2;", StringComparison.Ordinal) || text.EndsWith("v=v2", StringComparison.Ordinal))
                    return true;
                continue;
            }

            if (text.Split(';')[0] is "application/json" or "*/*" or "application/*" or "application/yaml")
                return false;
        }

        return ranges.Length > 0 ? throw Fail.NotAcceptable(Negotiation.Accepted) : false;
    }

    private static JsonObject CoreVersions(HttpContext http) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = http.Request.Host.ToString() }),
    };

    private JsonObject GroupList() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode)Group(g.Group, g.Versions, withKind: false))]),
    };

    private static JsonObject Group(string group, List<string> versions, bool withKind)
    {
        JsonObject Version(string v) => new() { ["groupVersion"] = $"{group}/{v}", ["version"] = v };
        var o = new JsonObject();
        if (withKind)
        {
            o["kind"] = "APIGroup";
            o["apiVersion"] = "v1";
        }

        o["name"] = group;
        o["versions"] = new JsonArray([.. versions.Select(v => (JsonNode)Version(v))]);
        o["preferredVersion"] = Version(versions[0]);
        return o;
    }

    private async Task Resources(HttpContext http, string group, string version)
    {
        var list = new JsonArray();
        foreach (var type in registry.All.Where(t => t.Group == group && t.Version == version).OrderBy(t => t.Plural, StringComparer.Ordinal))
        {
            var o = new JsonObject
            {
                ["name"] = type.Plural,
                ["singularName"] = type.Singular,
                ["namespaced"] = type.Namespaced,
                ["kind"] = type.Kind,
                ["verbs"] = JsonAccess.Strings(VerbOrder(type)),
            };
            if (type.ShortNames.Length > 0)
                o["shortNames"] = JsonAccess.Strings(type.ShortNames);
            if (type.Categories.Length > 0)
                o["categories"] = JsonAccess.Strings(type.Categories);
            if (type.Verbs.Contains("list"))
                o["storageVersionHash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{type.StorageName}/{type.Kind}"))[..8]);
            list.Add(o);
            foreach (var sub in type.Subresources)
            {
                var s = new JsonObject { ["name"] = $"{type.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = type.Namespaced };
                if (sub.Group.Length > 0)
                {
                    s["group"] = sub.Group;
                    s["version"] = sub.Version;
                }

                s["kind"] = sub.Kind;
                s["verbs"] = JsonAccess.Strings(sub.Verbs);
                list.Add(s);
            }
        }

        var body = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
            body["apiVersion"] = "v1";
        body["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}";
        body["resources"] = list;
        await Writing.Write(http, 200, body, Yaml(http));
    }

    private static string[] VerbOrder(ResourceType type)
        => type.Custom ? ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"] : type.Verbs;

    private async Task Aggregated(HttpContext http, bool core)
    {
        var items = new JsonArray();
        if (core)
            items.Add(AggregatedGroup("", ["v1"]));
        else
            foreach (var (group, versions) in Groups)
                items.Add(AggregatedGroup(group, versions));
        var body = new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = items,
        };
        await CachedDocument.Write(http, Writing.Bytes(body), AggregatedType);
    }

    private JsonObject AggregatedGroup(string group, List<string> versions)
    {
        var list = new JsonArray();
        foreach (var version in versions)
        {
            var types = registry.All.Where(t => t.Group == group && t.Version == version).OrderBy(t => t.Plural, StringComparer.Ordinal);
            list.Add(new JsonObject
            {
                ["version"] = version,
                ["resources"] = new JsonArray([.. types.Select(t => (JsonNode)AggregatedResource(t))]),
                ["freshness"] = "Current",
            });
        }

        var metadata = new JsonObject();
        if (group.Length > 0)
            metadata["name"] = group;
        return new JsonObject { ["metadata"] = metadata, ["versions"] = list };
    }

    private static JsonObject AggregatedResource(ResourceType type)
    {
        JsonObject Kind(string kind, string? group = null, string? version = null) => new()
        {
            ["group"] = group ?? (type.Custom ? type.Group : ""),
            ["version"] = version ?? (type.Custom ? type.Version : ""),
            ["kind"] = kind,
        };
        var o = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = Kind(type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = JsonAccess.Strings(VerbOrder(type)),
        };
        if (type.ShortNames.Length > 0)
            o["shortNames"] = JsonAccess.Strings(type.ShortNames);
        if (type.Categories.Length > 0)
            o["categories"] = JsonAccess.Strings(type.Categories);
        if (type.Subresources.Count > 0)
        {
            o["subresources"] = new JsonArray([.. type.Subresources.Select(s => (JsonNode)new JsonObject
            {
                ["subresource"] = s.Name,
                ["responseKind"] = s.Group.Length > 0 ? Kind(s.Kind, s.Group, s.Version) : Kind(s.Kind),
                ["verbs"] = JsonAccess.Strings(s.Verbs),
            })]);
        }

        return o;
    }
}
