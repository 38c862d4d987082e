using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>A field that holds a number or one word. The word is the default value of the type.</summary>
/// <typeparam name="T">The type itself.</typeparam>
public interface INumberOrWord<T>
    where T : struct, INumberOrWord<T>
{
    /// <summary>The word.</summary>
    static abstract string Word { get; }

    /// <summary>The number; null for the word.</summary>
    int? Number { get; init; }
}

/// <summary>How many EOS tokens follow a response in training: a number from 1 on, or <c>full</c> for up to the maximum length.</summary>
[JsonConverter(typeof(NumberOrWordConverter<EosTail>))]
[CelRule("type(self) == int ? (self >= 1 && self <= 1048576) : self == 'full'",
    "must be a number from 1 to 1048576, or full", nameof(IsInRange))]
public readonly record struct EosTail(int? Number) : INumberOrWord<EosTail>
{
    /// <inheritdoc/>
    public static string Word => "full";

    /// <summary>Number of EOS tokens; null for as many as fit.</summary>
    [JsonIgnore]
    public int? Length => Number;

    /// <summary>As many as fit into the maximum length.</summary>
    public static EosTail Full => default;

    /// <summary>A fixed number.</summary>
    public static EosTail OfLength(int length) => new(length);

    /// <inheritdoc/>
    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Word;

    internal bool IsInRange() => Number is null or (>= 1 and <= 1_048_576);
}

/// <summary>Questions that are decoded at once: a number, or <c>auto</c> for what the memory of the device has room for.</summary>
[JsonConverter(typeof(NumberOrWordConverter<BatchSize>))]
[CelRule("type(self) == int ? (self >= 1 && self <= 65536) : self == 'auto'",
    "must be a number from 1 to 65536, or auto", nameof(IsInRange))]
public readonly record struct BatchSize(int? Number) : INumberOrWord<BatchSize>
{
    /// <inheritdoc/>
    public static string Word => "auto";

    /// <summary>What the memory has room for.</summary>
    public static BatchSize Auto => default;

    /// <summary>A fixed number.</summary>
    public static implicit operator BatchSize(int number) => new(number);

    /// <inheritdoc/>
    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Word;

    internal bool IsInRange() => Number is null or (>= 1 and <= 65536);
}

/// <summary>
/// Forward passes over a block, the proposing one included: a number, or <c>converge</c> until nothing changes, which gives exactly the
/// greedy answer.
/// </summary>
[JsonConverter(typeof(NumberOrWordConverter<RefineIterations>))]
[CelRule("type(self) == int ? (self >= 1 && self <= 1000) : self == 'converge'",
    "must be a number from 1 to 1000, or converge", nameof(IsInRange))]
public readonly record struct RefineIterations(int? Number) : INumberOrWord<RefineIterations>
{
    /// <inheritdoc/>
    public static string Word => "converge";

    /// <summary>Until nothing changes.</summary>
    public static RefineIterations Converge => default;

    /// <summary>A fixed number.</summary>
    public static implicit operator RefineIterations(int number) => new(number);

    /// <inheritdoc/>
    public override string ToString() => Number?.ToString(CultureInfo.InvariantCulture) ?? Word;

    internal bool IsInRange() => Number is null or (>= 1 and <= 1000);
}

/// <summary>Reads and writes a number or the word.</summary>
internal sealed class NumberOrWordConverter<T> : JsonConverter<T>
    where T : struct, INumberOrWord<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var number) => new T { Number = number },
        JsonTokenType.String when reader.ValueTextEquals(T.Word) => default,
        _ => throw new JsonException($"must be a number or {T.Word}"),
    };

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (value.Number is { } number) writer.WriteNumberValue(number);
        else writer.WriteStringValue(T.Word);
    }
}
