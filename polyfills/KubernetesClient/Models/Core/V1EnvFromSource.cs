// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1EnvFromSource
{
    [JsonPropertyName("configMapRef")]
    public V1ConfigMapEnvSource ConfigMapRef { get; set; }

    [JsonPropertyName("prefix")]
    public string Prefix { get; set; }

    [JsonPropertyName("secretRef")]
    public V1SecretEnvSource SecretRef { get; set; }
}
