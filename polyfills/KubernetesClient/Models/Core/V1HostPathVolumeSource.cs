// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1HostPathVolumeSource
{
    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }
}
