// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ISCSIVolumeSource
{
    [JsonPropertyName("chapAuthDiscovery")]
    public bool? ChapAuthDiscovery { get; set; }

    [JsonPropertyName("chapAuthSession")]
    public bool? ChapAuthSession { get; set; }

    [JsonPropertyName("fsType")]
    public string FsType { get; set; }

    [JsonPropertyName("initiatorName")]
    public string InitiatorName { get; set; }

    [JsonPropertyName("iqn")]
    public string Iqn { get; set; }

    [JsonPropertyName("iscsiInterface")]
    public string IscsiInterface { get; set; }

    [JsonPropertyName("lun")]
    public int Lun { get; set; }

    [JsonPropertyName("portals")]
    public IList<string> Portals { get; set; }

    [JsonPropertyName("readOnly")]
    public bool? ReadOnlyProperty { get; set; }

    [JsonPropertyName("secretRef")]
    public V1LocalObjectReference SecretRef { get; set; }

    [JsonPropertyName("targetPortal")]
    public string TargetPortal { get; set; }
}
