// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PersistentVolumeClaimTemplate
{
    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; }

    [JsonPropertyName("spec")]
    public V1PersistentVolumeClaimSpec Spec { get; set; }
}
