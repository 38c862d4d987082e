// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1NonResourceAttributes
{
    [JsonPropertyName("path")]
    public string Path { get; set; }

    [JsonPropertyName("verb")]
    public string Verb { get; set; }
}
