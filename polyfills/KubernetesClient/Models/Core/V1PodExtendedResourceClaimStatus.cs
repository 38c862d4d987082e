// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodExtendedResourceClaimStatus
{
    [JsonPropertyName("requestMappings")]
    public IList<V1ContainerExtendedResourceRequest> RequestMappings { get; set; }

    [JsonPropertyName("resourceClaimName")]
    public string ResourceClaimName { get; set; }
}
