// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1SELinuxOptions
{
    [JsonPropertyName("level")]
    public string Level { get; set; }

    [JsonPropertyName("role")]
    public string Role { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }

    [JsonPropertyName("user")]
    public string User { get; set; }
}
