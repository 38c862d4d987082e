using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Authorization;

/// <summary>What somebody wants to do.</summary>
/// <param name="Verb">get, list, create … or, for paths, the HTTP method in lower case.</param>
/// <param name="Group">API group of the resource.</param>
/// <param name="Resource">Plural name, with <c>/subresource</c> where there is one.</param>
/// <param name="Namespace">Empty: cluster scope.</param>
/// <param name="Name">Empty: the whole collection.</param>
/// <param name="Path">For requests that are not for resources.</param>
internal sealed record Attributes(string Verb, string Group = "", string Resource = "", string Namespace = "",
    string Name = "", string? Path = null)
{
    public static Attributes Of(HttpRequest request, ResourcePath? at)
    {
        var method = request.Method.ToLowerInvariant();
        if (at is null)
            return new Attributes(method, Path: request.Path);
        var one = at.Name.Length > 0;
        var verb = method switch
        {
            "get" or "head" => one ? "get" : request.Query["watch"].ToString() is "true" or "1" ? "watch" : "list",
            "post" => "create",
            "put" => "update",
            "delete" when !one => "deletecollection",
            _ => method,
        };
        return new Attributes(verb, at.Group, at.Subresource.Length > 0 ? $"{at.Plural}/{at.Subresource}" : at.Plural,
            at is { Group: "", Plural: "namespaces" } ? at.Name : at.Namespace, at.Name);
    }
}
