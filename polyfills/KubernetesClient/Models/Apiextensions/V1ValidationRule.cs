// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1ValidationRule
{
    [JsonPropertyName("fieldPath")]
    public string FieldPath { get; set; }

    [JsonPropertyName("message")]
    public string Message { get; set; }

    [JsonPropertyName("messageExpression")]
    public string MessageExpression { get; set; }

    [JsonPropertyName("optionalOldSelf")]
    public bool? OptionalOldSelf { get; set; }

    [JsonPropertyName("reason")]
    public string Reason { get; set; }

    [JsonPropertyName("rule")]
    public string Rule { get; set; }
}
