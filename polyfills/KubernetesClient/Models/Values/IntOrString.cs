using System.Globalization;

namespace k8s.Models;

[JsonConverter(typeof(IntOrStringJsonConverter))]
public struct IntOrString
{
    public string Value { get; private init; }

    public static implicit operator IntOrString(int v) => Convert.ToString(v, CultureInfo.InvariantCulture);

    public static implicit operator IntOrString(long v) => Convert.ToString(v, CultureInfo.InvariantCulture);

    public static implicit operator string(IntOrString v) => v.Value;

    public static implicit operator IntOrString(string v) => new() { Value = v };

    public override string ToString() => Value;
}

internal sealed class IntOrStringJsonConverter : JsonConverter<IntOrString>
{
    public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => reader.GetInt64(),
        _ => throw new JsonException($"expected a number or a string, found {reader.TokenType}"),
    };

    /// <summary>Whatever reads as a whole number goes out as a number, as servers expect of port numbers.</summary>
    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
    {
        if (long.TryParse(value.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value.Value);
        }
    }
}
