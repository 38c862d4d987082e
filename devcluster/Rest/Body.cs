using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The body of a request as a document.</summary>
/// <param name="Object">The document.</param>
/// <param name="Duplicates">Paths of keys that occurred more than once.</param>
/// <param name="Raw">The bytes as they came.</param>
internal sealed record Body(JsonObject Object, List<string> Duplicates, byte[] Raw)
{
    private const int Limit = 3 * 1024 * 1024;

    public static async Task<byte[]> ReadBytes(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        if (buffer.Length > Limit)
            throw new ApiException(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
        return buffer.ToArray();
    }

    public static string MediaType(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>Reads an object in any of the accepted media types.</summary>
    /// <param name="request">The request.</param>
    /// <param name="kind">The kind that is expected, for messages and for protobuf.</param>
    /// <param name="custom">Custom resources take no protobuf.</param>
    public static async Task<Body> Read(HttpRequest request, string kind, bool custom)
    {
        var type = MediaType(request);
        if (type is not ("" or "application/json" or "application/yaml") && (custom || type != "application/vnd.kubernetes.protobuf"))
            throw Fail.UnsupportedMediaType(Negotiation.Accepted);
        var bytes = await ReadBytes(request);
        if (type == "application/vnd.kubernetes.protobuf")
            return new Body(KubectlProtobuf.Decode(bytes), [], bytes);
        return Parse(bytes, type == "application/yaml", kind);
    }

    public static Body Parse(byte[] bytes, bool yaml, string kind)
    {
        var duplicates = new List<string>();
        JsonNode? node;
        try
        {
            node = yaml ? YamlReading.Parse(Encoding.UTF8.GetString(bytes)) : JsonReading.Parse(bytes, duplicates);
        }
        catch (Exception e) when (e is JsonException or YamlDotNet.Core.YamlException or InvalidCastException or InvalidOperationException)
        {
            throw Unrecognised(kind, bytes, $"couldn't get version/kind; json parse error: {e.Message}");
        }

        if (node is JsonObject o)
            return new Body(o, duplicates, bytes);
        throw Unrecognised(kind, bytes, "couldn't get version/kind; json parse error: json: cannot unmarshal "
            + (node is JsonArray ? "array" : node is null ? "null" : "value") + " into Go value of type struct");
    }

    public static ApiException Unrecognised(string kind, byte[] bytes, string problem)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var shown = text.Length <= 30 ? text : text[..30] + " ...";
        return Fail.BadRequest($"the object provided is unrecognized (must be of type {kind}): {problem} ({shown})");
    }
}
