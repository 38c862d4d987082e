// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceValidation
{
    [JsonPropertyName("openAPIV3Schema")]
    public V1JSONSchemaProps OpenAPIV3Schema { get; set; }
}
