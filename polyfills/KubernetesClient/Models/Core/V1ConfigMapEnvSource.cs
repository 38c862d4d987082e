// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ConfigMapEnvSource
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("optional")]
    public bool? Optional { get; set; }
}
