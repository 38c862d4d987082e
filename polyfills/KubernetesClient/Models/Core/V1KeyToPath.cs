// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1KeyToPath
{
    [JsonPropertyName("key")]
    public string Key { get; set; }

    [JsonPropertyName("mode")]
    public int? Mode { get; set; }

    [JsonPropertyName("path")]
    public string Path { get; set; }
}
