namespace k8s.Models;

[JsonConverter(typeof(V1PatchJsonConverter))]
public record V1Patch
{
    public enum PatchType
    {
        Unknown,
        JsonPatch,
        MergePatch,
        StrategicMergePatch,
        ApplyPatch,
    }

    public V1Patch(object body, PatchType type)
    {
        Content = body ?? throw new ArgumentNullException(nameof(body), "object must be set");
        Type = type != PatchType.Unknown ? type : throw new ArgumentException("patch type must be set", nameof(type));
    }

    [JsonPropertyName("content")]
    [JsonInclude]
    public object Content { get; private set; }

    public PatchType Type { get; private set; }
}

/// <summary>A patch is sent as its content: text as it is, anything else as JSON.</summary>
internal sealed class V1PatchJsonConverter : JsonConverter<V1Patch>
{
    public override V1Patch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("a patch is only ever sent");

    public override void Write(Utf8JsonWriter writer, V1Patch value, JsonSerializerOptions options)
    {
        if (value?.Content is string s)
        {
            writer.WriteRawValue(s);
        }
        else
        {
            JsonSerializer.Serialize(writer, value?.Content, options);
        }
    }
}
