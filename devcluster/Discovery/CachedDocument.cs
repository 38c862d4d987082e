using System.Security.Cryptography;
using LightReasoner.DevCluster.Rest;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Discovery;

/// <summary>A document with an ETag, so that clients that have it already need not load it again.</summary>
internal static class CachedDocument
{
    public static string Hash(byte[] body) => Convert.ToHexString(SHA512.HashData(body));

    public static async Task Write(HttpContext http, byte[] body, string contentType)
    {
        var tag = $"\"{Hash(body)}\"";
        http.Response.Headers.ETag = tag;
        http.Response.Headers.Vary = "Accept";
        if (http.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(tag))
        {
            http.Response.StatusCode = 304;
            return;
        }

        await Writing.WriteBytes(http, 200, body, contentType);
    }
}
