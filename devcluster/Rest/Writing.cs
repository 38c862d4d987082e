using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using Microsoft.AspNetCore.Http;

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

    public static Task Write(HttpContext http, ApiException error)
    {
        if (error.RetryAfter is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (!error.PlainText)
            return Write(http, error.Code, error.ToStatus());
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        return WriteBytes(http, error.Code, Encoding.UTF8.GetBytes(error.Message), "text/plain; charset=utf-8");
    }
}
