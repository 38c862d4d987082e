// Written by generator/models.py; do not edit.
namespace k8s.Models;

public partial class V1JSONSchemaProps
{
    [JsonPropertyName("$ref")]
    public string RefProperty { get; set; }

    [JsonPropertyName("$schema")]
    public string Schema { get; set; }

    [JsonPropertyName("additionalItems")]
    public object AdditionalItems { get; set; }

    [JsonPropertyName("additionalProperties")]
    public object AdditionalProperties { get; set; }

    [JsonPropertyName("allOf")]
    public IList<V1JSONSchemaProps> AllOf { get; set; }

    [JsonPropertyName("anyOf")]
    public IList<V1JSONSchemaProps> AnyOf { get; set; }

    [JsonPropertyName("default")]
    public object DefaultProperty { get; set; }

    [JsonPropertyName("definitions")]
    public IDictionary<string, V1JSONSchemaProps> Definitions { get; set; }

    [JsonPropertyName("dependencies")]
    public IDictionary<string, object> Dependencies { get; set; }

    [JsonPropertyName("description")]
    public string Description { get; set; }

    [JsonPropertyName("enum")]
    public IList<object> EnumProperty { get; set; }

    [JsonPropertyName("example")]
    public object Example { get; set; }

    [JsonPropertyName("exclusiveMaximum")]
    public bool? ExclusiveMaximum { get; set; }

    [JsonPropertyName("exclusiveMinimum")]
    public bool? ExclusiveMinimum { get; set; }

    [JsonPropertyName("externalDocs")]
    public V1ExternalDocumentation ExternalDocs { get; set; }

    [JsonPropertyName("format")]
    public string Format { get; set; }

    [JsonPropertyName("id")]
    public string Id { get; set; }

    [JsonPropertyName("items")]
    public object Items { get; set; }

    [JsonPropertyName("maxItems")]
    public long? MaxItems { get; set; }

    [JsonPropertyName("maxLength")]
    public long? MaxLength { get; set; }

    [JsonPropertyName("maxProperties")]
    public long? MaxProperties { get; set; }

    [JsonPropertyName("maximum")]
    public double? Maximum { get; set; }

    [JsonPropertyName("minItems")]
    public long? MinItems { get; set; }

    [JsonPropertyName("minLength")]
    public long? MinLength { get; set; }

    [JsonPropertyName("minProperties")]
    public long? MinProperties { get; set; }

    [JsonPropertyName("minimum")]
    public double? Minimum { get; set; }

    [JsonPropertyName("multipleOf")]
    public double? MultipleOf { get; set; }

    [JsonPropertyName("not")]
    public V1JSONSchemaProps Not { get; set; }

    [JsonPropertyName("nullable")]
    public bool? Nullable { get; set; }

    [JsonPropertyName("oneOf")]
    public IList<V1JSONSchemaProps> OneOf { get; set; }

    [JsonPropertyName("pattern")]
    public string Pattern { get; set; }

    [JsonPropertyName("patternProperties")]
    public IDictionary<string, V1JSONSchemaProps> PatternProperties { get; set; }

    [JsonPropertyName("properties")]
    public IDictionary<string, V1JSONSchemaProps> Properties { get; set; }

    [JsonPropertyName("required")]
    public IList<string> Required { get; set; }

    [JsonPropertyName("title")]
    public string Title { get; set; }

    [JsonPropertyName("type")]
    public string Type { get; set; }

    [JsonPropertyName("uniqueItems")]
    public bool? UniqueItems { get; set; }

    [JsonPropertyName("x-kubernetes-embedded-resource")]
    public bool? XKubernetesEmbeddedResource { get; set; }

    [JsonPropertyName("x-kubernetes-int-or-string")]
    public bool? XKubernetesIntOrString { get; set; }

    [JsonPropertyName("x-kubernetes-list-map-keys")]
    public IList<string> XKubernetesListMapKeys { get; set; }

    [JsonPropertyName("x-kubernetes-list-type")]
    public string XKubernetesListType { get; set; }

    [JsonPropertyName("x-kubernetes-map-type")]
    public string XKubernetesMapType { get; set; }

    [JsonPropertyName("x-kubernetes-preserve-unknown-fields")]
    public bool? XKubernetesPreserveUnknownFields { get; set; }

    [JsonPropertyName("x-kubernetes-validations")]
    public IList<V1ValidationRule> XKubernetesValidations { get; set; }
}
