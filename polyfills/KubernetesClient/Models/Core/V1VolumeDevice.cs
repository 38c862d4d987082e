// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1VolumeDevice
{
    [JsonPropertyName("devicePath")]
    public string DevicePath { get; set; }

    [JsonPropertyName("name")]
    public string Name { get; set; }
}
