// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceDefinitionStatus
{
    [JsonPropertyName("acceptedNames")]
    public V1CustomResourceDefinitionNames AcceptedNames { get; set; }

    [JsonPropertyName("conditions")]
    public IList<V1CustomResourceDefinitionCondition> Conditions { get; set; }

    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("storedVersions")]
    public IList<string> StoredVersions { get; set; }
}
