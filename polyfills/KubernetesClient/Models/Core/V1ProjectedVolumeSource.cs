// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ProjectedVolumeSource
{
    [JsonPropertyName("defaultMode")]
    public int? DefaultMode { get; set; }

    [JsonPropertyName("sources")]
    public IList<V1VolumeProjection> Sources { get; set; }
}
