// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CinderVolumeSource
{
    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("secretRef")]
    public V1LocalObjectReference SecretRef { get; set; }

    [JsonPropertyName("volumeID")]
    public string VolumeID { get; set; }
}
