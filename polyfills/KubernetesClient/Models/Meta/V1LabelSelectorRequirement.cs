// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1LabelSelectorRequirement
{
    [JsonPropertyName("key")]
    public string Key { get; set; }

    [JsonPropertyName("operator")]
    public string OperatorProperty { get; set; }

    [JsonPropertyName("values")]
    public IList<string> Values { get; set; }
}
