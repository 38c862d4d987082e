using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Authorization;
using LightReasoner.DevCluster.Discovery;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.OpenApi;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Tokens;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Server;

/// <summary>From a path to the endpoint that serves it; authentication on the way, errors as Status objects on the way back.</summary>
internal sealed class Router(
    Registry registry, DiscoveryEndpoint discovery, OpenApiEndpoint openApi, ResourceEndpoint resources, PodSubresources pods,
    TokenRequests tokens, Reviews reviews, Authenticator authenticator, Authorizer authorizer)
{
    public async Task Handle(HttpContext http)
    {
        try
        {
            http.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
            http.Response.Headers.CacheControl = "no-cache, private";
            await Route(http);
        }
        catch (ApiException e) when (!http.Response.HasStarted)
        {
            await Writing.Write(http, e);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        catch (IOException) when (http.Response.HasStarted)
        {
            // The client has gone in the middle of an answer.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await Console.Error.WriteLineAsync($"{http.Request.Method} {http.Request.Path}: {e}");
            await Writing.Write(http, Fail.Internal(e.Message));
        }
    }

    private async Task Route(HttpContext http)
    {
        var path = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var user = Authenticate(http.Request);
        if (http.Request.Headers["Impersonate-User"].ToString() is { Length: > 0 } other)
            user = Impersonated(http.Request, user, other);
        authorizer.Demand(user, RequestAttributes.Of(http.Request, path));
        switch (path)
        {
            case ["healthz" or "livez" or "readyz", ..]:
                await Health(http, path);
                return;
            case ["version"]:
                await Writing.Write(http, 200, ServerVersion.ToJson());
                return;
            case ["openapi", ..]:
                await openApi.Handle(http, path);
                return;
        }

        if (await discovery.Handle(http, path))
            return;
        await Resource(http, path, user);
    }

    private UserInfo Authenticate(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return header.Length == 0 ? UserInfo.Anonymous : throw Fail.Unauthorized();
        return authenticator.Authenticate(header["Bearer ".Length..].Trim(), [TokenIssuer.Issuer], out _, out _) ?? throw Fail.Unauthorized();
    }

    private UserInfo Impersonated(HttpRequest request, UserInfo user, string other)
    {
        authorizer.Demand(user, new Attributes("impersonate", "", "users", Name: other));
        string[] groups = [.. request.Headers["Impersonate-Group"].OfType<string>()];
        foreach (var group in groups)
            authorizer.Demand(user, new Attributes("impersonate", "", "groups", Name: group));
        // A service account brings its groups along where none are named.
        if (groups.Length == 0 && other.Split(':') is ["system", "serviceaccount", var ns, _])
            groups = ["system:serviceaccounts", $"system:serviceaccounts:{ns}"];
        const string extra = "Impersonate-Extra-";
        return new UserInfo(
            other, request.Headers["Impersonate-Uid"].ToString(), groups.Contains("system:authenticated") ? groups : [.. groups, "system:authenticated"],
            request.Headers.Where(h => h.Key.StartsWith(extra, StringComparison.OrdinalIgnoreCase))
                .ToDictionary(h => Uri.UnescapeDataString(h.Key[extra.Length..].ToLowerInvariant()), h => h.Value.OfType<string>().ToArray()));
    }

    private static async Task Health(HttpContext http, string[] path)
    {
        if (path.Length == 1 || path[1] is "ping" or "etcd" or "log")
            await Writing.WriteBytes(http, 200, "ok"u8.ToArray(), "text/plain; charset=utf-8");
        else
            throw Fail.PageNotFound();
    }

    private async Task Resource(HttpContext http, string[] path, UserInfo user)
    {
        if (path is not (["api", _, _, ..] or ["apis", _, _, _, ..]))
            throw path is ["api", _] ? Fail.UnknownResource() : Fail.PageNotFound();
        var group = path[0] == "api" ? "" : path[1];
        var version = path[0] == "api" ? path[1] : path[2];
        var rest = path[0] == "api" ? path[2..] : path[3..];
        var ns = "";
        var namespaced = rest is ["namespaces", _, _, ..] && !(group.Length == 0 && rest[2] is "status" or "finalize" && rest.Length == 3);
        if (namespaced)
        {
            ns = rest[1];
            rest = rest[2..];
        }

        var type = registry.Find(group, version, rest[0]) ?? throw Unknown(group);
        if (namespaced != type.Namespaced && (namespaced || rest.Length > 1))
            throw type.Custom ? Fail.PageNotFound() : Fail.UnknownResource();
        var name = rest.Length > 1 ? rest[1] : "";
        var sub = rest.Length > 2 ? rest[2] : "";
        var proxied = type is { Custom: false, Plural: "pods" } && sub == "proxy";
        if (rest.Length > 3 && !proxied)
            throw Unknown(group);
        var request = new ApiRequest(http, type, ns, name, sub, user);
        if (type.DeprecationWarning is { } warning)
            request.Warn(warning);
        if (sub.Length > 0 && !proxied && type.Subresources.All(s => s.Name != sub))
            throw type.Custom ? type.NotFound(name) : Fail.UnknownResource();
        if (type.Verbs is ["create"])
            await reviews.Handle(request);
        else if (sub == "token")
            await tokens.Handle(request);
        else if (type is { Custom: false, Plural: "pods" } && sub is "log" or "binding" or "exec" or "attach" or "portforward" or "proxy")
            await pods.Handle(request);
        else
            await resources.Handle(request);
    }

    private ApiException Unknown(string group)
        => registry.All.Any(t => t.Group == group && !t.Custom) ? Fail.UnknownResource() : Fail.PageNotFound();
}
