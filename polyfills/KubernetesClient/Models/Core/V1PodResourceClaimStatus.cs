// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodResourceClaimStatus
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("resourceClaimName")]
    public string ResourceClaimName { get; set; }
}
