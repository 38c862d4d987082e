// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1WeightedPodAffinityTerm
{
    [JsonPropertyName("podAffinityTerm")]
    public V1PodAffinityTerm PodAffinityTerm { get; set; }

    [JsonPropertyName("weight")]
    public int Weight { get; set; }
}
