// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceDefinitionSpec
{
    [JsonPropertyName("conversion")]
    public V1CustomResourceConversion Conversion { get; set; }

    [JsonPropertyName("group")]
    public string Group { get; set; }

    [JsonPropertyName("names")]
    public V1CustomResourceDefinitionNames Names { get; set; }

    [JsonPropertyName("preserveUnknownFields")]
    public bool? PreserveUnknownFields { get; set; }

    [JsonPropertyName("scope")]
    public string Scope { get; set; }

    [JsonPropertyName("versions")]
    public IList<V1CustomResourceDefinitionVersion> Versions { get; set; }
}
