// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodStatus
{
    [JsonPropertyName("allocatedResources")]
    public IDictionary<string, ResourceQuantity> AllocatedResources { get; set; }

    [JsonPropertyName("conditions")]
    public IList<V1PodCondition> Conditions { get; set; }

    [JsonPropertyName("containerStatuses")]
    public IList<V1ContainerStatus> ContainerStatuses { get; set; }

    [JsonPropertyName("ephemeralContainerStatuses")]
    public IList<V1ContainerStatus> EphemeralContainerStatuses { get; set; }

    [JsonPropertyName("extendedResourceClaimStatus")]
    public V1PodExtendedResourceClaimStatus ExtendedResourceClaimStatus { get; set; }

    [JsonPropertyName("hostIP")]
    public string HostIP { get; set; }

    [JsonPropertyName("hostIPs")]
    public IList<V1HostIP> HostIPs { get; set; }

    [JsonPropertyName("initContainerStatuses")]
    public IList<V1ContainerStatus> InitContainerStatuses { get; set; }

    [JsonPropertyName("message")]
    public string Message { get; set; }

    [JsonPropertyName("nominatedNodeName")]
    public string NominatedNodeName { get; set; }

    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("phase")]
    public string Phase { get; set; }

    [JsonPropertyName("podIP")]
    public string PodIP { get; set; }

    [JsonPropertyName("podIPs")]
    public IList<V1PodIP> PodIPs { get; set; }

    [JsonPropertyName("qosClass")]
    public string QosClass { get; set; }

    [JsonPropertyName("reason")]
    public string Reason { get; set; }

    [JsonPropertyName("resize")]
    public string Resize { get; set; }

    [JsonPropertyName("resourceClaimStatuses")]
    public IList<V1PodResourceClaimStatus> ResourceClaimStatuses { get; set; }

    [JsonPropertyName("resources")]
    public V1ResourceRequirements Resources { get; set; }

    [JsonPropertyName("startTime")]
    public DateTime? StartTime { get; set; }
}
