// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1FCVolumeSource
{
    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("lun")]
    public int? Lun { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("targetWWNs")]
    public IList<string> TargetWWNs { get; set; }

    [JsonPropertyName("wwids")]
    public IList<string> Wwids { get; set; }
}
