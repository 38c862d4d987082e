// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1SeccompProfile
{
    [JsonPropertyName("localhostProfile")]
    public string LocalhostProfile { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }
}
