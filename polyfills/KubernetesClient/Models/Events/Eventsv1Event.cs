// Written by generator/models.py; do not edit.
namespace k8s.Models;

[KubernetesEntity(Group = KubeGroup, Kind = KubeKind, ApiVersion = KubeApiVersion, PluralName = KubePluralName)]
public partial class Eventsv1Event : IKubernetesObject<V1ObjectMeta>
{
    public const string KubeApiVersion = "v1";
    public const string KubeKind = "Event";
    public const string KubeGroup = "events.k8s.io";
    public const string KubePluralName = "events";

    [JsonPropertyName("action")]
    public string Action { get; set; }

    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; }

    [JsonPropertyName("deprecatedCount")]
    public int? DeprecatedCount { get; set; }

    [JsonPropertyName("deprecatedFirstTimestamp")]
    public DateTime? DeprecatedFirstTimestamp { get; set; }

    [JsonPropertyName("deprecatedLastTimestamp")]
    public DateTime? DeprecatedLastTimestamp { get; set; }

    [JsonPropertyName("deprecatedSource")]
    public V1EventSource DeprecatedSource { get; set; }

    [JsonPropertyName("eventTime")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? EventTime { get; set; }

    [JsonPropertyName("kind")]
    public string Kind { get; set; }

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; }

    [JsonPropertyName("note")]
    public string Note { get; set; }

    [JsonPropertyName("reason")]
    public string Reason { get; set; }

    [JsonPropertyName("regarding")]
    public V1ObjectReference Regarding { get; set; }

    [JsonPropertyName("related")]
    public V1ObjectReference Related { get; set; }

    [JsonPropertyName("reportingController")]
    public string ReportingController { get; set; }

    [JsonPropertyName("reportingInstance")]
    public string ReportingInstance { get; set; }

    [JsonPropertyName("series")]
    public Eventsv1EventSeries Series { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }
}
