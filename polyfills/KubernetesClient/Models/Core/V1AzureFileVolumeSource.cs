// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1AzureFileVolumeSource
{
    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("secretName")]
    public string SecretName { get; set; }

    [JsonPropertyName("shareName")]
    public string ShareName { get; set; }
}
