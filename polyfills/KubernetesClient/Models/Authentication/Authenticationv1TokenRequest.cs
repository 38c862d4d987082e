// Written by generator/models.py; do not edit.
namespace k8s.Models;

[KubernetesEntity(Group = KubeGroup, Kind = KubeKind, ApiVersion = KubeApiVersion, PluralName = KubePluralName)]
public partial class Authenticationv1TokenRequest : IKubernetesObject<V1ObjectMeta>, ISpec<V1TokenRequestSpec>
{
    public const string KubeApiVersion = "v1";
    public const string KubeKind = "TokenRequest";
    public const string KubeGroup = "authentication.k8s.io";
    public const string KubePluralName = "tokenrequests";

    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; }

    [JsonPropertyName("kind")]
    public string Kind { get; set; }

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; }

    [JsonPropertyName("spec")]
    public V1TokenRequestSpec Spec { get; set; }

    [JsonPropertyName("status")]
    public V1TokenRequestStatus Status { get; set; }
}
