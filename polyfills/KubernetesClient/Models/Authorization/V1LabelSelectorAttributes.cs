// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1LabelSelectorAttributes
{
    [JsonPropertyName("rawSelector")]
    public string RawSelector { get; set; }

    [JsonPropertyName("requirements")]
    public IList<V1LabelSelectorRequirement> Requirements { get; set; }
}
