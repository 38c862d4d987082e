// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PortworxVolumeSource
{
    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("volumeID")]
    public string VolumeID { get; set; }
}
