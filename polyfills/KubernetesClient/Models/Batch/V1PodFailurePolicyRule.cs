// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodFailurePolicyRule
{
    [JsonPropertyName("action")]
    public string Action { get; set; }

    [JsonPropertyName("onExitCodes")]
    public V1PodFailurePolicyOnExitCodesRequirement OnExitCodes { get; set; }

    [JsonPropertyName("onPodConditions")]
    public IList<V1PodFailurePolicyOnPodConditionsPattern> OnPodConditions { get; set; }
}
