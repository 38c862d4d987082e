// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerStateRunning
{
    [JsonPropertyName("startedAt")]
    public DateTime? StartedAt { get; set; }
}
