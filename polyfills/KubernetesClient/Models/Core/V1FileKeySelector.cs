// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1FileKeySelector
{
    [JsonPropertyName("key")]
    public string Key { get; set; }

    [JsonPropertyName("optional")]
    public bool? Optional { get; set; }

    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("volumeName")]
    public string VolumeName { get; set; }
}
