using LightReasoner.DevCluster.Errors;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>The form of answer that a client asked for.</summary>
/// <param name="Yaml">YAML instead of JSON.</param>
/// <param name="As">Table, PartialObjectMetadata, PartialObjectMetadataList, or empty for the object itself.</param>
/// <param name="AsVersion">v1 or v1beta1 of meta.k8s.io.</param>
/// <param name="StreamJson">Watch events as <c>application/json;stream=watch</c>.</param>
internal sealed record Negotiation(bool Yaml, string As, string AsVersion, bool StreamJson)
{
    public const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    public string ContentType => Yaml ? "application/yaml" : "application/json";

    public static Negotiation From(HttpRequest request, bool allowTransforms)
    {
        var header = request.Headers.Accept.ToString();
        if (header.Length == 0)
            return new(false, "", "", false);
        foreach (var range in Ranges(header))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            var parameters = parts[1..].Select(p => p.Split('=', 2)).Where(p => p.Length == 2).GroupBy(p => p[0]).ToDictionary(g => g.Key, g => g.First()[1]);
            bool? yaml = parts[0] switch
            {
                "application/json" or "*/*" or "application/*" => false,
                "application/yaml" => true,
                _ => null,
            };
            if (yaml is null)
                continue;
            var kind = parameters.GetValueOrDefault("as", "");
            if (kind.Length == 0)
                return new(yaml.Value, "", "", parameters.GetValueOrDefault("stream") == "watch");
            var version = parameters.GetValueOrDefault("v", "v1");
            if (allowTransforms && parameters.GetValueOrDefault("g") == "meta.k8s.io" && version is "v1" or "v1beta1"
                && kind is "Table" or "PartialObjectMetadata" or "PartialObjectMetadataList")
            {
                return new(yaml.Value, kind, version, false);
            }
        }

        throw Fail.NotAcceptable(Accepted);
    }

    // By descending quality; equal ones keep their order.
    private static IEnumerable<string> Ranges(string header)
        => header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).OrderByDescending(Quality);

    private static double Quality(string range)
        => range.Split(';', StringSplitOptions.TrimEntries).FirstOrDefault(p => p.StartsWith("q=", StringComparison.Ordinal)) is { } q
            && double.TryParse(q[2..], System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : 1;
}
