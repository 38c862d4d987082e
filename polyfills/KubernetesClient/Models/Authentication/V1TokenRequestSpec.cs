// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1TokenRequestSpec
{
    [JsonPropertyName("audiences")]
    public IList<string> Audiences { get; set; }

    [JsonPropertyName("boundObjectRef")]
    public V1BoundObjectReference BoundObjectRef { get; set; }

    [JsonPropertyName("expirationSeconds")]
    public long? ExpirationSeconds { get; set; }
}
