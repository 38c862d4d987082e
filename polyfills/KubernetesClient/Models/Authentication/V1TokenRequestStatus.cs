// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1TokenRequestStatus
{
    [JsonPropertyName("expirationTimestamp")]
    public DateTime? ExpirationTimestamp { get; set; }

    [JsonPropertyName("token")]
    public string Token { get; set; }
}
