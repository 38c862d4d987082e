// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1SelfSubjectAccessReviewSpec
{
    [JsonPropertyName("nonResourceAttributes")]
    public V1NonResourceAttributes NonResourceAttributes { get; set; }

    [JsonPropertyName("resourceAttributes")]
    public V1ResourceAttributes ResourceAttributes { get; set; }
}
