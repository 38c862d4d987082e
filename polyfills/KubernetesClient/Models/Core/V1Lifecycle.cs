// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1Lifecycle
{
    [JsonPropertyName("postStart")]
    public V1LifecycleHandler PostStart { get; set; }

    [JsonPropertyName("preStop")]
    public V1LifecycleHandler PreStop { get; set; }

    [JsonPropertyName("stopSignal")]
    public string StopSignal { get; set; }
}
