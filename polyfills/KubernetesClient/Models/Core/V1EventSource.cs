// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1EventSource
{
    [JsonPropertyName("component")]
    public string Component { get; set; }

    [JsonPropertyName("host")]
    public string Host { get; set; }
}
