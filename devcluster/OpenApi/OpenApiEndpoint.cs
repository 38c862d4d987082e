using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Discovery;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.OpenApi;

/// <summary><c>/openapi/v3</c>: an index and one document per group version. <c>/openapi/v2</c>: an empty but valid document.</summary>
internal sealed class OpenApiEndpoint(Registry registry)
{
    private readonly ConcurrentDictionary<string, (int Generation, byte[] Body)> documents = new();

    public async Task Handle(HttpContext http, string[] path)
    {
        switch (path)
        {
            case ["openapi", "v3"]:
                await Index(http);
                return;
            case ["openapi", "v3", .. var rest] when string.Join('/', rest) is var name && Paths().Contains(name):
                await Document(http, name);
                return;
            case ["openapi", "v2"]:
                await Version2(http);
                return;
            default:
                http.Response.StatusCode = 404;
                return;
        }
    }

    private IEnumerable<string> Paths() => registry.All.Select(PathOf).Distinct();

    private static string PathOf(ResourceType type) => type.Group.Length == 0 ? $"api/{type.Version}" : $"apis/{type.Group}/{type.Version}";

    private byte[] Get(string path)
    {
        var generation = registry.Generation;
        if (documents.TryGetValue(path, out var known) && known.Generation == generation)
            return known.Body;
        var body = Writing.Bytes(new OpenApiDocument([.. registry.All.Where(t => PathOf(t) == path)]).ToJson());
        documents[path] = (generation, body);
        return body;
    }

    private async Task Index(HttpContext http)
    {
        var paths = new JsonObject();
        foreach (var path in Paths().Order(StringComparer.Ordinal))
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={CachedDocument.Hash(Get(path))}" };
        await Writing.WriteBytes(http, 200, Writing.Bytes(new JsonObject { ["paths"] = paths }), "text/plain; charset=utf-8");
    }

    private async Task Document(HttpContext http, string path)
    {
        var body = Get(path);
        if (http.Request.Query["hash"].ToString() is { Length: > 0 } hash && hash != CachedDocument.Hash(body))
        {
            http.Response.Headers.ETag = $"\"{CachedDocument.Hash(body)}\"";
            http.Response.Headers.Vary = "Accept";
            http.Response.Headers.Location = $"/openapi/v3/{path}?hash={CachedDocument.Hash(body)}";
            http.Response.ContentType = "application/json";
            http.Response.StatusCode = 301;
            return;
        }

        await CachedDocument.Write(http, body, "application/json");
    }

    // Old clients validate against version 2 alone, and skip kinds that it does not list.
    private static async Task Version2(HttpContext http)
    {
        if (http.Request.Headers.Accept.ToString().Contains("protobuf", StringComparison.Ordinal))
        {
            // message Document { string swagger = 1; Info info = 2; Paths paths = 8; }  message Info { string title = 1; string version = 2; }
            byte[] info = [0x0a, 10, .. "Kubernetes"u8, 0x12, 2, .. "v1"u8];
            byte[] body = [0x0a, 3, .. "2.0"u8, 0x12, (byte)info.Length, .. info, 0x42, 0];
            await CachedDocument.Write(http, body, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
            return;
        }

        await CachedDocument.Write(http, Encoding.UTF8.GetBytes("""{"swagger":"2.0","info":{"title":"Kubernetes","version":"v1"},"paths":{},"definitions":{}}"""), "application/json");
    }
}
