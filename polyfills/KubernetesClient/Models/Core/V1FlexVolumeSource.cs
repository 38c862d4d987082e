// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1FlexVolumeSource
{
    [JsonPropertyName("driver")]
    public string Driver { get; set; }

    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("options")]
    public IDictionary<string, string> Options { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("secretRef")]
    public V1LocalObjectReference SecretRef { get; set; }
}
