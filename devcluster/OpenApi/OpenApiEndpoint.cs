namespace LightReasoner.DevCluster.OpenApi;

/// <summary>
/// <c>/openapi/v3</c>: an index and one document per group version. <c>/openapi/v2</c>, where kubectl asks after kinds that it finds
/// nowhere, is empty.
/// </summary>
internal sealed class OpenApiEndpoint(Registry registry)
{
    private readonly ConcurrentDictionary<string, (int Generation, byte[] Body)> documents = new();

    public async Task Handle(HttpContext http, string[] path)
    {
        if (path is ["openapi", "v3"])
        {
            var paths = new JsonObject(Paths().Order(StringComparer.Ordinal).Select(p => KeyValuePair.Create(p, (JsonNode?)new JsonObject
            {
                ["serverRelativeURL"] = $"/openapi/v3/{p}?hash={Convert.ToHexString(SHA256.HashData(Get(p)))}",
            })));
            await Writing.WriteBytes(http, 200, Writing.Bytes(new JsonObject { ["paths"] = paths }), "text/plain; charset=utf-8");
        }
        else if (path is ["openapi", "v3", .. var rest] && string.Join('/', rest) is var name && Paths().Contains(name))
        {
            // The address has the content's hash in it: clients may keep what they have got.
            if (http.Request.Query.ContainsKey("hash"))
                http.Response.Headers.CacheControl = "public, immutable";
            await Writing.WriteBytes(http, 200, Get(name), "application/json");
        }
        else if (path is ["openapi", "v2"])
        {
            // message Document { string swagger = 1; Info info = 2; Paths paths = 8; }  message Info { string title = 1; string version =
            // 2; }
            byte[] info = [0x0a, 10, .. "Kubernetes"u8, 0x12, 2, .. "v1"u8];
            byte[] body = [0x0a, 3, .. "2.0"u8, 0x12, (byte)info.Length, .. info, 0x42, 0];
            await Writing.WriteBytes(http, 200, body, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
        }
        else
        {
            throw Fail.UnknownResource();
        }
    }

    private IEnumerable<string> Paths() => registry.All.Select(t => t.GroupPath).Distinct();

    private byte[] Get(string path)
    {
        var generation = registry.Generation;
        if (documents.TryGetValue(path, out var known) && known.Generation == generation)
            return known.Body;
        var body = Writing.Bytes(new OpenApiDocument([.. registry.All.Where(t => t.GroupPath == path)]).ToJson());
        documents[path] = (generation, body);
        return body;
    }
}
