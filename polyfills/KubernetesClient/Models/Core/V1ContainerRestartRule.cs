// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerRestartRule
{
    [JsonPropertyName("action")]
    public string Action { get; set; }

    [JsonPropertyName("exitCodes")]
    public V1ContainerRestartRuleOnExitCodes ExitCodes { get; set; }
}
