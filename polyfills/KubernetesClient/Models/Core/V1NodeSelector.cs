// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1NodeSelector
{
    [JsonPropertyName("nodeSelectorTerms")]
    public IList<V1NodeSelectorTerm> NodeSelectorTerms { get; set; }
}
