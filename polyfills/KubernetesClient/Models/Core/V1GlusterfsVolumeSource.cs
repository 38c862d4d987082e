// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1GlusterfsVolumeSource
{
    [JsonPropertyName("endpoints")]
    public string Endpoints { get; set; }

    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }
}
