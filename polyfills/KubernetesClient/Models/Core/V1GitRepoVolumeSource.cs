// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1GitRepoVolumeSource
{
    [JsonPropertyName("directory")]
    public string Directory { get; set; }

    [JsonPropertyName("repository")]
    public string Repository { get; set; }

    [JsonPropertyName("revision")]
    public string Revision { get; set; }
}
