// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1HTTPHeader
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("value")]
    public string Value { get; set; }
}
