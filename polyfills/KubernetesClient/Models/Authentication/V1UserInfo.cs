// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1UserInfo
{
    [JsonPropertyName("extra")]
    public IDictionary<string, IList<string>> Extra { get; set; }

    [JsonPropertyName("groups")]
    public IList<string> Groups { get; set; }

    [JsonPropertyName("uid")]
    public string Uid { get; set; }

    [JsonPropertyName("username")]
    public string Username { get; set; }
}
