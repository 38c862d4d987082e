namespace LightReasoner.DevCluster.Node;

/// <summary>Fields of a Pod as values of variables and files.</summary>
internal static class DownwardApi
{
    public static string Field(JsonObject pod, string path) =>
        Subscript(path, "metadata.labels") is { } label ? pod.Text("metadata", "labels", label) ?? ""
        : Subscript(path, "metadata.annotations") is { } annotation ? pod.Text("metadata", "annotations", annotation) ?? ""
        : path switch
        {
            "metadata.name" => pod.Name(),
            "metadata.namespace" => pod.Namespace(),
            "metadata.uid" => pod.Uid(),
            "spec.nodeName" => pod.Text("spec", "nodeName") ?? "",
            "spec.serviceAccountName" => pod.Text("spec", "serviceAccountName") ?? "default",
            "status.hostIP" or "status.hostIPs" => PodStatus.NodeAddress,
            "status.podIP" or "status.podIPs" => Loopback.OfPod(pod),
            _ => throw new ConfigException($"fieldRef {path} is not supported by this node"),
        };

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(map.Length + 2)..^2] : null;
}
