// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1GRPCAction
{
    [JsonPropertyName("port")]
    public int Port { get; set; }

    [JsonPropertyName("service")]
    public string Service { get; set; }
}
