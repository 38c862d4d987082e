// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerStateWaiting
{
    [JsonPropertyName("message")]
    public string Message { get; set; }

    [JsonPropertyName("reason")]
    public string Reason { get; set; }
}
