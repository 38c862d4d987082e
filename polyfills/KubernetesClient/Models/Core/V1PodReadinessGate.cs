// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodReadinessGate
{
    [JsonPropertyName("conditionType")]
    public string ConditionType { get; set; }
}
