// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1NFSVolumeSource
{
    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("server")]
    public string Server { get; set; }
}
