// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ResourceHealth
{
    [JsonPropertyName("health")]
    public string Health { get; set; }

    [JsonPropertyName("message")]
    public string Message { get; set; }

    [JsonPropertyName("resourceID")]
    public string ResourceID { get; set; }
}
