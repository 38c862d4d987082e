// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ImageVolumeSource
{
    [JsonPropertyName("pullPolicy")]
    public string PullPolicy { get; set; }

    [JsonPropertyName("reference")]
    public string Reference { get; set; }
}
