// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1SelectableField
{
    [JsonPropertyName("jsonPath")]
    public string JsonPath { get; set; }
}
