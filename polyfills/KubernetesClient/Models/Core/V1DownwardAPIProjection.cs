// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1DownwardAPIProjection
{
    [JsonPropertyName("items")]
    public IList<V1DownwardAPIVolumeFile> Items { get; set; }
}
