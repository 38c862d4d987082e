// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ContainerStatus
{
    [JsonPropertyName("allocatedResources")]
    public IDictionary<string, ResourceQuantity> AllocatedResources { get; set; }

    [JsonPropertyName("allocatedResourcesStatus")]
    public IList<V1ResourceStatus> AllocatedResourcesStatus { get; set; }

    [JsonPropertyName("containerID")]
    public string ContainerID { get; set; }

    [JsonPropertyName("image")]
    public string Image { get; set; }

    [JsonPropertyName("imageID")]
    public string ImageID { get; set; }

    [JsonPropertyName("lastState")]
    public V1ContainerState LastState { get; set; }

    [JsonPropertyName("name")]
    public string Name { get; set; }

    [JsonPropertyName("ready")]
    public bool Ready { get; set; }

    [JsonPropertyName("resources")]
    public V1ResourceRequirements Resources { get; set; }

    [JsonPropertyName("restartCount")]
    public int RestartCount { get; set; }

    [JsonPropertyName("started")]
    public bool? Started { get; set; }

    [JsonPropertyName("state")]
    public V1ContainerState State { get; set; }

    [JsonPropertyName("stopSignal")]
    public string StopSignal { get; set; }

    [JsonPropertyName("user")]
    public V1ContainerUser User { get; set; }

    [JsonPropertyName("volumeMounts")]
    public IList<V1VolumeMountStatus> VolumeMounts { get; set; }
}
