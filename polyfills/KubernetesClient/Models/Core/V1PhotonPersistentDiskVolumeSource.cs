// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1PhotonPersistentDiskVolumeSource
{
    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("pdID")]
    public string PdID { get; set; }
}
