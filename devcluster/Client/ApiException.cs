using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Client;

/// <summary>A refusal of the API server, with the fields of its Status answer.</summary>
internal sealed class ApiException(HttpStatusCode code, string reason, string message) : Exception(message)
{
    public HttpStatusCode Code { get; } = code;

    /// <summary>The machine-readable reason, e.g. <c>NotFound</c> or <c>AlreadyExists</c>.</summary>
    public string Reason { get; } = reason;

    public bool NotFound => Code == HttpStatusCode.NotFound;

    public bool Conflict => Code == HttpStatusCode.Conflict;

    /// <summary>The resource version asked for is forgotten: list again.</summary>
    public bool Gone => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    public static ApiException FromStatus(JsonObject status, HttpStatusCode fallback = HttpStatusCode.InternalServerError) =>
        new((HttpStatusCode)(status.Int("code") ?? (int)fallback), status.Text("reason") ?? "", status.Text("message") ?? "no message");

    public static ApiException FromAnswer(string request, HttpStatusCode code, string body)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject o && o.Text("kind") == "Status") return FromStatus(o, code);
        }
        catch (JsonException)
        {
            // A plain-text answer: quoted below.
        }
        var text = body.Trim();
        return new ApiException(code, "", $"{request}: {(int)code} {(text.Length > 300 ? text[..300] : text)}");
    }
}
