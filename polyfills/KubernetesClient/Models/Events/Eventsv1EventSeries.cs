// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class Eventsv1EventSeries
{
    [JsonPropertyName("count")]
    public int Count { get; set; }

    [JsonPropertyName("lastObservedTime")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime LastObservedTime { get; set; }
}
