// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1NodeSelectorTerm
{
    [JsonPropertyName("matchExpressions")]
    public IList<V1NodeSelectorRequirement> MatchExpressions { get; set; }

    [JsonPropertyName("matchFields")]
    public IList<V1NodeSelectorRequirement> MatchFields { get; set; }
}
