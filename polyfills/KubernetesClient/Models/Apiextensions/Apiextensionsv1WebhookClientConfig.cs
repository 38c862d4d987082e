// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class Apiextensionsv1WebhookClientConfig
{
    [JsonPropertyName("caBundle")]
    public byte[] CaBundle { get; set; }

    [JsonPropertyName("service")]
    public Apiextensionsv1ServiceReference Service { get; set; }

    [JsonPropertyName("url")]
    public string Url { get; set; }
}
