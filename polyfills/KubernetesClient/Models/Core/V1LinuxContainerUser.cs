// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1LinuxContainerUser
{
    [JsonPropertyName("gid")]
    public long Gid { get; set; }

    [JsonPropertyName("supplementalGroups")]
    public IList<long> SupplementalGroups { get; set; }

    [JsonPropertyName("uid")]
    public long Uid { get; set; }
}
