using System.Globalization;
using LightReasoner.DevCluster.Errors;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The form of answer that a client asked for; always JSON.</summary>
internal static class Negotiation
{
    public const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    /// <summary>Table, PartialObjectMetadata, PartialObjectMetadataList, or empty for the object itself.</summary>
    public static string From(HttpRequest request)
    {
        var header = request.Headers.Accept.ToString();
        if (header.Length == 0)
            return "";
        foreach (var parts in header.Split(',').Select(range => range.Split(';', StringSplitOptions.TrimEntries))
            .OrderByDescending(Quality))
        {
            if (parts[0] is not ("application/json" or "*/*" or "application/*"))
                continue;
            var kind = Parameter(parts, "as") ?? "";
            if (kind is "" || kind is "Table" or "PartialObjectMetadata" or "PartialObjectMetadataList"
                && Parameter(parts, "g") == "meta.k8s.io" && Parameter(parts, "v") is null or "v1")
                return kind;
        }

        throw Fail.NotAcceptable(Accepted);
    }

    private static double Quality(string[] parts) => double.TryParse(Parameter(parts, "q"), CultureInfo.InvariantCulture, out var q) ? q
        : 1;

    private static string? Parameter(string[] parts, string name) =>
        parts.Skip(1).FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
