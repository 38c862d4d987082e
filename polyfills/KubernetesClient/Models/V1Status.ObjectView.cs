namespace k8s.Models;

/// <summary>A delete answers with a Status or with the object that is going away; the latter is kept here.</summary>
public partial class V1Status
{
    private JsonElement original;

    [JsonIgnore]
    public bool HasObject { get; private set; }

    public T ObjectView<T>() => original.Deserialize<T>(KubernetesJson.Options);

    internal sealed class V1StatusObjectViewConverter : JsonConverter<V1Status>
    {
        public override V1Status Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var element = JsonElement.ParseValue(ref reader);
            var kind = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("kind", out var k) ? k.GetString() : null;
            return kind is null or "Status"
                ? element.Deserialize<V1Status>(KubernetesJson.PlainStatusOptions)
                : new V1Status { original = element, HasObject = true };
        }

        public override void Write(Utf8JsonWriter writer, V1Status value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value, KubernetesJson.PlainStatusOptions);
    }
}
