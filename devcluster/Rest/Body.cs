namespace LightReasoner.DevCluster.Rest;

/// <summary>The body of a request as a document.</summary>
/// <param name="Object">The document.</param>
/// <param name="Duplicates">Paths of keys that occurred more than once.</param>
internal sealed record Body(JsonObject Object, List<string> Duplicates)
{
    private const int Limit = 3 * 1024 * 1024;

    public static async Task<byte[]> ReadBytes(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        if (buffer.Length > Limit)
            throw new ApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {Limit}");
        return buffer.ToArray();
    }

    public static string MediaType(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>Reads an object of a kind. Custom resources take no protobuf.</summary>
    public static async Task<Body> Read(HttpRequest request, string kind, bool custom) =>
        Decode(await ReadBytes(request), MediaType(request), kind, custom);

    public static Body Decode(byte[] bytes, string mediaType, string kind, bool custom) => mediaType switch
    {
        "" or "application/json" => Parse(bytes, kind),
        "application/vnd.kubernetes.protobuf" when !custom => new Body(KubectlProtobuf.Decode(bytes), []),
        _ => throw Fail.UnsupportedMediaType(Negotiation.Accepted),
    };

    private static Body Parse(byte[] bytes, string kind)
    {
        var duplicates = new List<string>();
        var problem = "it is not an object";
        try
        {
            if (JsonReading.Parse(bytes, duplicates) is JsonObject o)
                return new Body(o, duplicates);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = e.Message;
        }

        throw Fail.BadRequest($"the object provided is unrecognized (must be of type {kind}): json parse error: {problem}");
    }
}
