// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerRestartRuleOnExitCodes
{
    [JsonPropertyName("operator")]
    public string OperatorProperty { get; set; }

    [JsonPropertyName("values")]
    public IList<int> Values { get; set; }
}
