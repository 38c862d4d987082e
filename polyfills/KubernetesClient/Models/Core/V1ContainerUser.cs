// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerUser
{
    [JsonPropertyName("linux")]
    public V1LinuxContainerUser Linux { get; set; }
}
