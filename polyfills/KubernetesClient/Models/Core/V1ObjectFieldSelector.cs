// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ObjectFieldSelector
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; }

    [JsonPropertyName("fieldPath")]
    public string FieldPath { get; set; }
}
