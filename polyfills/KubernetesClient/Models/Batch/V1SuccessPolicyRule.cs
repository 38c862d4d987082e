// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1SuccessPolicyRule
{
    [JsonPropertyName("succeededCount")]
    public int? SucceededCount { get; set; }

    [JsonPropertyName("succeededIndexes")]
    public string SucceededIndexes { get; set; }
}
