// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceSubresources
{
    [JsonPropertyName("scale")]
    public V1CustomResourceSubresourceScale Scale { get; set; }

    [JsonPropertyName("status")]
    public V1CustomResourceSubresourceStatus Status { get; set; }
}
