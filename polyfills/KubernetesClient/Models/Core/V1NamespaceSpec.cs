// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1NamespaceSpec
{
    [JsonPropertyName("finalizers")]
    public IList<string> Finalizers { get; set; }
}
