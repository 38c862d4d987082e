using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Node;

/// <summary>Fields of a Pod as values of variables and files.</summary>
internal static class DownwardApi
{
    /// <summary>The value of a fieldRef path, null for a path that is not supported.</summary>
    public static string? Field(JsonObject pod, string path)
    {
        if (Subscript(path, "metadata.labels") is { } label) return pod.Text("metadata", "labels", label) ?? "";
        if (Subscript(path, "metadata.annotations") is { } annotation) return pod.Text("metadata", "annotations", annotation) ?? "";
        return path switch
        {
            "metadata.name" => pod.Name(),
            "metadata.namespace" => pod.Namespace(),
            "metadata.uid" => pod.Uid(),
            "metadata.labels" => Lines(pod.Entries("metadata", "labels")),
            "metadata.annotations" => Lines(pod.Entries("metadata", "annotations")),
            "spec.nodeName" => pod.Text("spec", "nodeName") ?? "",
            "spec.serviceAccountName" => pod.Text("spec", "serviceAccountName") ?? "default",
            "status.hostIP" or "status.hostIPs" => PodStatus.NodeAddress,
            "status.podIP" or "status.podIPs" => Loopback.OfPod(pod),
            _ => null,
        };
    }

    /// <summary>The value of a resourceFieldRef: a container's request or limit, or what the node has where there is no limit.</summary>
    public static string Resource(JsonObject container, string resource, string? divisor, Func<string, decimal> nodeHas)
    {
        var parts = resource.Split('.', 2);
        var name = parts.Length == 2 ? parts[1] : "";
        var text = container.Text("resources", parts[0], name)
            ?? (parts[0] == "requests" ? container.Text("resources", "limits", name) : null);
        var amount = text is not null ? Placement.Amount(text) : parts[0] == "limits" ? nodeHas(name) : 0;
        var unit = Placement.Amount(divisor) is > 0 and var d ? d : 1;
        return Math.Ceiling(amount / unit).ToString(CultureInfo.InvariantCulture);
    }

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(map.Length + 2)..^2] : null;

    private static string Lines(IEnumerable<KeyValuePair<string, string>> entries)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in entries.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (text.Length > 0) text.Append('\n');
            text.Append(key).Append("=\"").Append(value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append('"');
        }
        return text.ToString();
    }
}
