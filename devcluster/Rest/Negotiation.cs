namespace LightReasoner.DevCluster.Rest;

/// <summary>The form of answer that a client asked for; always JSON.</summary>
internal static class Negotiation
{
    public const string Accepted = "application/json, application/vnd.kubernetes.protobuf";

    /// <summary>Whether a client prefers a Table to the object itself.</summary>
    public static bool Table(HttpRequest request)
    {
        var header = request.Headers.Accept.ToString();
        foreach (var range in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            if (parts.Contains("as=Table") && parts.Contains("v=v1"))
                return true;
            if (parts[0] is "application/json" or "*/*" or "application/*" && !range.Contains(";as=", StringComparison.Ordinal))
                return false;
        }

        return header.Length == 0 ? false
            : throw new ApiException(406, "NotAcceptable", $"only the following media types are accepted: {Accepted}");
    }
}
