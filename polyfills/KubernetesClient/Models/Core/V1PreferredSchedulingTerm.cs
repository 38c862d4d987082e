// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PreferredSchedulingTerm
{
    [JsonPropertyName("preference")]
    public V1NodeSelectorTerm Preference { get; set; }

    [JsonPropertyName("weight")]
    public int Weight { get; set; }
}
