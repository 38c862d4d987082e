// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1CustomResourceConversion
{
    [JsonPropertyName("strategy")]
    public string Strategy { get; set; }

    [JsonPropertyName("webhook")]
    public V1WebhookConversion Webhook { get; set; }
}
