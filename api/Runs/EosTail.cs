using System.Text.Json;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>How many EOS tokens follow a response in training: a number from 1 on, or <c>full</c> for up to the maximum length.</summary>
[JsonConverter(typeof(Converter))]
[CelRule("type(self) == int ? (self >= 1 && self <= 1048576) : self == 'full'", "must be a number from 1 to 1048576, or full", nameof(IsInRange))]
public readonly record struct EosTail
{
    private EosTail(int? length) => Length = length;

    /// <summary>Number of EOS tokens; null for as many as fit.</summary>
    public int? Length { get; }

    /// <summary>As many as fit into the maximum length.</summary>
    public static EosTail Full => default;

    /// <summary>A fixed number.</summary>
    public static EosTail OfLength(int length) => new(length);

    internal bool IsInRange() => Length is null or (>= 1 and <= 1_048_576);

    /// <inheritdoc/>
    public override string ToString() => Length?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "full";

    private sealed class Converter : JsonConverter<EosTail>
    {
        public override EosTail Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetInt32(out int length) => OfLength(length),
            JsonTokenType.String when reader.ValueTextEquals("full") => Full,
            _ => throw new JsonException("must be a number from 1 to 1048576, or full"),
        };

        public override void Write(Utf8JsonWriter writer, EosTail value, JsonSerializerOptions options)
        {
            if (value.Length is { } length) writer.WriteNumberValue(length);
            else writer.WriteStringValue("full");
        }
    }
}
