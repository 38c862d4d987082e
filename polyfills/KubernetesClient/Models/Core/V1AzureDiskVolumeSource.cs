// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1AzureDiskVolumeSource
{
    [JsonPropertyName("cachingMode")]
    public string CachingMode { get; set; }

    [JsonPropertyName("diskName")]
    public string DiskName { get; set; }

    [JsonPropertyName("diskURI")]
    public string DiskURI { get; set; }

    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("kind")]
    public string Kind { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }
}
