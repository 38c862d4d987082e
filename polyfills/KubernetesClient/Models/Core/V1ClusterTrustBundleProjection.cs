// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ClusterTrustBundleProjection
{
    [JsonPropertyName("labelSelector")]
    public V1LabelSelector LabelSelector { get; set; }

    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("optional")]
    public bool? Optional { get; set; }

    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("signerName")]
    public string SignerName { get; set; }
}
