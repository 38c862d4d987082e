// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class Corev1ResourceClaim
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("request")]
    public string Request { get; set; }
}
