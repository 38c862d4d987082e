// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1HostIP
{
    [JsonPropertyName("ip")]
    public string Ip { get; set; }
}
