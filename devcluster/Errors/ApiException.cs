using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Errors;

/// <summary>An answer other than success, as a <c>Status</c> object (or as plain text, for paths that lead nowhere).</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    /// <summary>Seconds for the Retry-After header.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The continue token that goes into the Status' metadata.</summary>
    public string? Continue { get; init; }

    /// <summary>Answer with the message as text/plain rather than a Status.</summary>
    public bool PlainText { get; init; }

    public JsonObject ToStatus()
    {
        var metadata = new JsonObject();
        if (Continue is not null)
            metadata["continue"] = Continue;
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
            status["reason"] = Reason;
        if (Details is not null)
            status["details"] = Details.Copy();
        status["code"] = Code;
        return status;
    }
}
