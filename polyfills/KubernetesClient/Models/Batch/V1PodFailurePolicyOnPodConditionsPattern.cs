// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodFailurePolicyOnPodConditionsPattern
{
    [JsonPropertyName("status")]
    public string Status { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }
}
