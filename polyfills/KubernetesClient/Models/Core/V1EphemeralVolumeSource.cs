// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1EphemeralVolumeSource
{
    [JsonPropertyName("volumeClaimTemplate")]
    public V1PersistentVolumeClaimTemplate VolumeClaimTemplate { get; set; }
}
