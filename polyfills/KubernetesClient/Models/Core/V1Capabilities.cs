// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1Capabilities
{
    [JsonPropertyName("add")]
    public IList<string> Add { get; set; }

    [JsonPropertyName("drop")]
    public IList<string> Drop { get; set; }
}
