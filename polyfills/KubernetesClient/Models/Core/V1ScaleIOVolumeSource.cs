// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ScaleIOVolumeSource
{
    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("gateway")]
    public string Gateway { get; set; }

    [JsonPropertyName("protectionDomain")]
    public string ProtectionDomain { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("secretRef")]
    public V1LocalObjectReference SecretRef { get; set; }

    [JsonPropertyName("sslEnabled")]
    public bool? SslEnabled { get; set; }

    [JsonPropertyName("storageMode")]
    public string StorageMode { get; set; }

    [JsonPropertyName("storagePool")]
    public string StoragePool { get; set; }

    [JsonPropertyName("system")]
    public string System { get; set; }

    [JsonPropertyName("volumeName")]
    public string VolumeName { get; set; }
}
