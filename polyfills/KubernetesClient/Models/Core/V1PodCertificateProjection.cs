// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PodCertificateProjection
{
    [JsonPropertyName("certificateChainPath")]
    public string CertificateChainPath { get; set; }

    [JsonPropertyName("credentialBundlePath")]
    public string CredentialBundlePath { get; set; }

    [JsonPropertyName("keyPath")]
    public string KeyPath { get; set; }

    [JsonPropertyName("keyType")]
    public string KeyType { get; set; }

    [JsonPropertyName("maxExpirationSeconds")]
    public int? MaxExpirationSeconds { get; set; }

    [JsonPropertyName("signerName")]
    public string SignerName { get; set; }

    [JsonPropertyName("userAnnotations")]
    public IDictionary<string, string> UserAnnotations { get; set; }
}
