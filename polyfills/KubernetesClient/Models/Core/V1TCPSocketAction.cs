// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1TCPSocketAction
{
    [JsonPropertyName("host")]
    public string Host { get; set; }

    [JsonPropertyName("port")]
    public IntOrString Port { get; set; }
}
