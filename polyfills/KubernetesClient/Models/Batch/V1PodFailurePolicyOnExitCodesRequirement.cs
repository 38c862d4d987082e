// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodFailurePolicyOnExitCodesRequirement
{
    [JsonPropertyName("containerName")]
    public string ContainerName { get; set; }

    [JsonPropertyName("operator")]
    public string OperatorProperty { get; set; }

    [JsonPropertyName("values")]
    public IList<int> Values { get; set; }
}
