// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodDNSConfig
{
    [JsonPropertyName("nameservers")]
    public IList<string> Nameservers { get; set; }

    [JsonPropertyName("options")]
    public IList<V1PodDNSConfigOption> Options { get; set; }

    [JsonPropertyName("searches")]
    public IList<string> Searches { get; set; }
}
