// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ExternalDocumentation
{
    [JsonPropertyName("description")]
    public string Description { get; set; }

    [JsonPropertyName("url")]
    public string Url { get; set; }
}
