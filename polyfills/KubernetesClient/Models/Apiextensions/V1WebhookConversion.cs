// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1WebhookConversion
{
    [JsonPropertyName("clientConfig")]
    public Apiextensionsv1WebhookClientConfig ClientConfig { get; set; }

    [JsonPropertyName("conversionReviewVersions")]
    public IList<string> ConversionReviewVersions { get; set; }
}
