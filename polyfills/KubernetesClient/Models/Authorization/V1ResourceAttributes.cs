// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ResourceAttributes
{
    [JsonPropertyName("fieldSelector")]
    public V1FieldSelectorAttributes FieldSelector { get; set; }

    [JsonPropertyName("group")]
    public string Group { get; set; }

    [JsonPropertyName("labelSelector")]
    public V1LabelSelectorAttributes LabelSelector { get; set; }

    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("namespace")]
    public string NamespaceProperty { get; set; }

    [JsonPropertyName("resource")]
    public string Resource { get; set; }

    [JsonPropertyName("subresource")]
    public string Subresource { get; set; }

    [JsonPropertyName("verb")]
    public string Verb { get; set; }

    [JsonPropertyName("version")]
    public string Version { get; set; }
}
