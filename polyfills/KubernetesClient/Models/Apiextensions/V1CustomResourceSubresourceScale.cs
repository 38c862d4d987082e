// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceSubresourceScale
{
    [JsonPropertyName("labelSelectorPath")]
    public string LabelSelectorPath { get; set; }

    [JsonPropertyName("specReplicasPath")]
    public string SpecReplicasPath { get; set; }

    [JsonPropertyName("statusReplicasPath")]
    public string StatusReplicasPath { get; set; }
}
