// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1HostAlias
{
    [JsonPropertyName("hostnames")]
    public IList<string> Hostnames { get; set; }

    [JsonPropertyName("ip")]
    public string Ip { get; set; }
}
