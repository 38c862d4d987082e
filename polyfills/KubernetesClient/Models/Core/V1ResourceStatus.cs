// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ResourceStatus
{
    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("resources")]
    public IList<V1ResourceHealth> Resources { get; set; }
}
