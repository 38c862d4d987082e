// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodFailurePolicy
{
    [JsonPropertyName("rules")]
    public IList<V1PodFailurePolicyRule> Rules { get; set; }
}
