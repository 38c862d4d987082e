// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1UncountedTerminatedPods
{
    [JsonPropertyName("failed")]
    public IList<string> Failed { get; set; }

    [JsonPropertyName("succeeded")]
    public IList<string> Succeeded { get; set; }
}
