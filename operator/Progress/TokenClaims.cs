using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>
/// What a token says of itself. Proves nothing, but sorts out for free what cannot be right, so that the API server need not be asked.
/// </summary>
internal static class TokenClaims
{
    /// <returns>The pod that the token claims to be of; null if it cannot hold for reports, or not now.</returns>
    public static TokenIdentity? Read(string token, DateTimeOffset now)
    {
        var parts = token.Split('.');
        if (parts.Length != 3) return null;
        try
        {
            var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (claims?["kubernetes.io"] is not { } kubernetes || (string?)kubernetes["namespace"] is not { } ns
                || (string?)kubernetes["pod"]?["name"] is not { } name || (string?)kubernetes["pod"]?["uid"] is not { } uid) return null;
            var ours = claims["aud"] is JsonArray audiences ? audiences.Any(audience => (string?)audience == ApiGroup.ProgressAudience)
                : (string?)claims["aud"] == ApiGroup.ProgressAudience;
            // A clock that is off must not cost anybody a report: an hour's leeway, the API server decides.
            var over = claims["exp"]?.GetValue<long>() is { } end && DateTimeOffset.FromUnixTimeSeconds(end) + TimeSpan.FromHours(1) < now;
            return ours && !over ? new TokenIdentity(ns, name, uid) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
