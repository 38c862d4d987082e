// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1FieldSelectorAttributes
{
    [JsonPropertyName("rawSelector")]
    public string RawSelector { get; set; }

    [JsonPropertyName("requirements")]
    public IList<V1FieldSelectorRequirement> Requirements { get; set; }
}
