// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerExtendedResourceRequest
{
    [JsonPropertyName("containerName")]
    public string ContainerName { get; set; }

    [JsonPropertyName("requestName")]
    public string RequestName { get; set; }

    [JsonPropertyName("resourceName")]
    public string ResourceName { get; set; }
}
