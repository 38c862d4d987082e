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
        authorizer.Demand(user, RequestAttributes.Of(http.Request, path));
        switch (path)
        {
            case ["healthz" or "livez" or "readyz", ..]:
                await Health(http, path);
                return;
            case ["version"]:
                await Writing.Write(http, 200, Version());
                return;
            case ["openapi", ..]:
                await openApi.Handle(http, path);
                return;
        }

        if (await discovery.Handle(http, path))
            return;
        await Resource(http, path, user);
    }

    /// <summary>The version of Kubernetes whose behaviour this server follows.</summary>
    private static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "36",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "35",
        ["gitVersion"] = "v1.36.2",
        ["gitCommit"] = "devcluster",
        ["gitTreeState"] = "",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "go1.26.10",
        ["compiler"] = "gc",
        ["platform"] = "linux/amd64",
    };

    private UserInfo Authenticate(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return header.Length == 0 ? UserInfo.Anonymous : throw Fail.Unauthorized();
        return authenticator.Authenticate(header["Bearer ".Length..].Trim(), [TokenIssuer.Issuer], out _, out _)
            ?? throw Fail.Unauthorized();
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
        if (rest.Length > 3)
            throw Unknown(group);
        var request = new ApiRequest(http, type, ns, name, sub, user);
        if (sub.Length > 0 && type.Subresources.All(s => s.Name != sub))
            throw type.Custom ? type.NotFound(name) : Fail.UnknownResource();
        if (type.Verbs is ["create"])
            await reviews.Handle(request);
        else if (sub == "token")
            await tokens.Handle(request);
        else if (type is { Custom: false, Plural: "pods" } && sub is "log" or "binding" or "exec" or "attach" or "portforward")
            await pods.Handle(request);
        else
            await resources.Handle(request);
    }

    private ApiException Unknown(string group)
        => registry.All.Any(t => t.Group == group && !t.Custom) ? Fail.UnknownResource() : Fail.PageNotFound();
}
