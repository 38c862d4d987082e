// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1TokenReviewSpec
{
    [JsonPropertyName("audiences")]
    public IList<string> Audiences { get; set; }

    [JsonPropertyName("token")]
    public string Token { get; set; }
}
