using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Authorization;

/// <summary>What somebody wants to do.</summary>
/// <param name="Verb">get, list, create … or, for paths, the HTTP method in lower case.</param>
/// <param name="Group">API group of the resource.</param>
/// <param name="Resource">Plural name, with <c>/subresource</c> where there is one.</param>
/// <param name="Namespace">Empty: cluster scope.</param>
/// <param name="Name">Empty: the whole collection.</param>
/// <param name="Path">For requests that are not for resources.</param>
internal sealed record Attributes(string Verb, string Group = "", string Resource = "", string Namespace = "",
    string Name = "", string? Path = null);

/// <summary>What a request asks for, read from its address alone: authorisation comes before routing.</summary>
internal static class RequestAttributes
{
    public static Attributes Of(HttpRequest request, string[] path)
    {
        var method = request.Method.ToLowerInvariant();
        if (path is not (["api", _, _, ..] or ["apis", _, _, _, ..]))
            return new Attributes(method, Path: request.Path);
        var group = path[0] == "api" ? "" : path[1];
        var rest = path[0] == "api" ? path[2..] : path[3..];
        var ns = "";
        if (rest is ["namespaces", var name, ..])
        {
            ns = name;
            if (rest.Length > 2 && rest[2] is not ("status" or "finalize"))
                rest = rest[2..];
        }

        var one = rest.Length > 1 ? rest[1] : "";
        var resource = rest.Length > 2 ? $"{rest[0]}/{rest[2]}" : rest[0];
        var watch = request.Query["watch"].ToString() is "true" or "1";
        var verb = method switch
        {
            "get" or "head" => one.Length > 0 ? "get" : watch ? "watch" : "list",
            "post" => "create",
            "put" => "update",
            "delete" => one.Length > 0 ? "delete" : "deletecollection",
            _ => method,
        };
        return new Attributes(verb, group, resource, ns, one);
    }
}
