using LightReasoner.DevCluster.Authorization;
using LightReasoner.DevCluster.Discovery;
using LightReasoner.DevCluster.OpenApi;

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
            await Writing.Write(http, e.Code, e.ToStatus());
        }
        catch (Exception e) when (e is OperationCanceledException || (e is IOException && http.Response.HasStarted))
        {
            // The client has gone.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await Console.Error.WriteLineAsync($"{http.Request.Method} {http.Request.Path}: {e}");
            await Writing.Write(http, 500, Fail.ServerError(e.Message).ToStatus());
        }
    }

    private async Task Route(HttpContext http)
    {
        var path = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var user = Authenticate(http.Request);
        var at = ResourcePath.Parse(path);
        authorizer.Demand(user, Attributes.Of(http.Request, at));
        await (path switch
        {
            ["healthz" or "livez" or "readyz", .. [] or ["ping" or "etcd" or "log"]] =>
                Writing.WriteBytes(http, 200, "ok"u8.ToArray(), "text/plain; charset=utf-8"),
            ["version"] => Writing.Write(http, 200, Version()),
            ["openapi", ..] => openApi.Handle(http, path),
            _ when at is not null => Resource(http, at, user),
            _ => discovery.Handle(http, path),
        });
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
        return authenticator.Authenticate(header["Bearer ".Length..].Trim(), [TokenIssuer.Issuer])?.User
            ?? throw Fail.Unauthorized();
    }

    private Task Resource(HttpContext http, ResourcePath at, UserInfo user)
    {
        var type = registry.Find(at.Group, at.Version, at.Plural) ?? throw Fail.UnknownResource();
        if ((at.Namespace.Length > 0) != type.Namespaced && (at.Namespace.Length > 0 || at.Name.Length > 0))
            throw Fail.UnknownResource();
        if (at.Subresource.Length > 0 && type.Subresources.All(s => s.Name != at.Subresource))
            throw Fail.UnknownResource();
        var request = new ApiRequest(http, type, at.Namespace, at.Name, at.Subresource, user);
        return type.Verbs is ["create"] ? reviews.Handle(request)
            : at.Subresource == "token" ? tokens.Handle(request)
            : type is { Custom: false, Plural: "pods" } && at.Subresource is "log" or "binding" ? pods.Handle(request)
            : resources.Handle(request);
    }
}
