// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1FlockerVolumeSource
{
    [JsonPropertyName("datasetName")]
    public string DatasetName { get; set; }

    [JsonPropertyName("datasetUUID")]
    public string DatasetUUID { get; set; }
}
