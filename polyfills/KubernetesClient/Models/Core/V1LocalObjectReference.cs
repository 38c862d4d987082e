// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1LocalObjectReference
{
    [JsonPropertyName("name")]
    public string Name { get; set; }
}
