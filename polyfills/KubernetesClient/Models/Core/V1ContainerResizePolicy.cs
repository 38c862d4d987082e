// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerResizePolicy
{
    [JsonPropertyName("resourceName")]
    public string ResourceName { get; set; }

    [JsonPropertyName("restartPolicy")]
    public string RestartPolicy { get; set; }
}
