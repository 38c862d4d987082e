// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodResourceClaim
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("resourceClaimName")]
    public string ResourceClaimName { get; set; }

    [JsonPropertyName("resourceClaimTemplateName")]
    public string ResourceClaimTemplateName { get; set; }
}
