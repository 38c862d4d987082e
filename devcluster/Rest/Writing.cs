namespace LightReasoner.DevCluster.Rest;

/// <summary>Writes answers.</summary>
internal static class Writing
{
    public static byte[] Bytes(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, JsonAccess.Plain);

    public static Task Write(HttpContext http, int status, JsonNode body) => WriteBytes(http, status, Bytes(body), "application/json");

    public static async Task WriteBytes(HttpContext http, int status, byte[] body, string contentType)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
