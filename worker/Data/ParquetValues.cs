using System.Numerics;
using System.Text.Unicode;
using ParquetSharp;

namespace LightReasoner.Worker.Data;

/// <summary>
/// The JSON form of Parquet values. What JSON has no form for is an object with one <c>$</c> key: <c>{"$bytes": base64}</c>,
/// <c>{"$float": "NaN"}</c>, and <c>{"$micros": n}</c> for an INT96 beyond what its writers can count.
/// </summary>
internal static class ParquetValues
{
    private const long SecondsPerDay = 86_400, DaysPerEra = 146_097;

    public static Func<int, JsonNode?> Int32(ColumnDescriptor column) => By<int>(column, type => type switch
    {
        DecimalLogicalType { Scale: var scale } => value => Decimal(value, scale),
        DateLogicalType => value => Date(value),
        TimeLogicalType => value => Time(value, 1_000),
        IntLogicalType { IsSigned: false } => value => Integer(unchecked((uint)value)),
        _ => value => Integer(value),
    });

    public static Func<long, JsonNode?> Int64(ColumnDescriptor column) => By<long>(column, type => type switch
    {
        DecimalLogicalType { Scale: var scale } => value => Decimal(value, scale),
        TimestampLogicalType { TimeUnit: var unit, IsAdjustedToUtc: var utc } => value => Timestamp(value, PerSecond(unit), utc),
        TimeLogicalType { TimeUnit: var unit } => value => Time(value, PerSecond(unit)),
        IntLogicalType { IsSigned: false } => value => Integer(unchecked((ulong)value)),
        _ => value => Integer(value),
    });

    public static Func<ByteArray, JsonNode?> Bytes(ColumnDescriptor column) => By<ByteArray>(column, type => type switch
    {
        StringLogicalType or EnumLogicalType or JsonLogicalType => value => Text(Span(value.Pointer, value.Length)),
        DecimalLogicalType { Scale: var scale } => value => Decimal(Number(Span(value.Pointer, value.Length)), scale),
        _ => value => Base64(Span(value.Pointer, value.Length)),
    });

    /// <summary>Byte arrays of one length.</summary>
    public static Func<FixedLenByteArray, JsonNode?> FixedBytes(ColumnDescriptor column)
    {
        var length = column.TypeLength;
        return By<FixedLenByteArray>(column, type => type switch
        {
            DecimalLogicalType { Scale: var scale } => value => Decimal(Number(Span(value.Pointer, length)), scale),
            Float16LogicalType => value => Number((double)BitConverter.ToHalf(Span(value.Pointer, length))),
            _ => value => Base64(Span(value.Pointer, length)),
        });
    }

    /// <summary>How a column's values are written, by what is annotated.</summary>
    private static Func<T, JsonNode?> By<T>(ColumnDescriptor column, Func<LogicalType?, Func<T, JsonNode?>> form)
    {
        using var type = Annotation(() => column.LogicalType);
        return form(type);
    }

    private static BigInteger Number(ReadOnlySpan<byte> bigEndian) => new(bigEndian, isBigEndian: true);

    /// <summary>A number; JSON has none for what is not finite.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value)
        ? JsonNode.Parse(value.ToString("R", CultureInfo.InvariantCulture))
        : new JsonObject { ["$float"] = double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity" };

    /// <summary>Nanoseconds of the day, and the Julian day above them.</summary>
    public static JsonNode? Int96(Int96 value)
    {
        var nanosOfDay = unchecked((long)((ulong)(uint)value.B << 32 | (uint)value.A));
        BigInteger nanos = nanosOfDay + ((BigInteger)value.C - 2_440_588) * SecondsPerDay * 1_000_000_000, micros = nanos / 1_000;
        // Spark counts microseconds in 64 bits, which wrap: only they are sure, not the date.
        if (micros < long.MinValue || micros > long.MaxValue)
            return new JsonObject { ["$micros"] = Integer((long)(ulong)(micros & ulong.MaxValue)) };
        return Timestamp(nanos, 1_000_000_000, utc: false);
    }

    /// <summary>What an annotation says of a field; null where it is newer than the library.</summary>
    public static LogicalType? Annotation(Func<LogicalType> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static long PerSecond(TimeUnit unit) => unit switch
    {
        TimeUnit.Nanos => 1_000_000_000,
        TimeUnit.Micros => 1_000_000,
        _ => 1_000,
    };

    private static unsafe ReadOnlySpan<byte> Span(IntPtr bytes, int length) => new((void*)bytes, length);

    private static JsonValue Text(ReadOnlySpan<byte> utf8) =>
        Utf8.IsValid(utf8) ? JsonValue.Create(System.Text.Encoding.UTF8.GetString(utf8))
            : throw new InvalidDataException("holds text that is not UTF-8");

    private static JsonObject Base64(ReadOnlySpan<byte> bytes) => new() { ["$bytes"] = Convert.ToBase64String(bytes) };

    /// <summary>A number as a JSON text would give it, so that readers may ask for any type that it fits.</summary>
    private static JsonNode? Integer(BigInteger value) => JsonNode.Parse(value.ToString(CultureInfo.InvariantCulture));

    private static JsonValue Decimal(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return JsonValue.Create(unscaled.Sign < 0 ? "-" + text : text);
    }

    /// <summary>A day of the proleptic Gregorian calendar, of any year: <see cref="DateTime"/> ends with 9999.</summary>
    private static string Date(long days)
    {
        // The calendar repeats every 400 years.
        var (era, day) = Math.DivRem(days, DaysPerEra);
        if (day < 0) (era, day) = (era - 1, day + DaysPerEra);
        var date = DateTime.UnixEpoch.AddDays(day);
        return $"{date.Year + 400 * era:0000}-{date:MM-dd}";
    }

    private static JsonNode? Time(long value, long perSecond)
    {
        var (seconds, fraction) = (value / perSecond, value % perSecond);
        var isTime = value >= 0 && seconds < SecondsPerDay;
        return isTime ? JsonValue.Create(Clock(seconds) + Fraction(fraction, perSecond)) : Integer(value);
    }

    private static JsonValue Timestamp(BigInteger value, long perSecond, bool utc)
    {
        var seconds = BigInteger.DivRem(value, perSecond, out var fraction);
        if (fraction.Sign < 0) (seconds, fraction) = (seconds - 1, fraction + perSecond);
        var (days, time) = Math.DivRem((long)seconds, SecondsPerDay);
        if (time < 0) (days, time) = (days - 1, time + SecondsPerDay);
        return JsonValue.Create($"{Date(days)}T{Clock(time)}{Fraction((long)fraction, perSecond)}{(utc ? "Z" : "")}");
    }

    private static string Clock(long second) =>
        $"{second / 3_600:00}:{second / 60 % 60:00}:{second % 60:00}";

    private static string Fraction(long fraction, long perSecond) =>
        fraction == 0 ? "" : "." + (perSecond + fraction).ToString(CultureInfo.InvariantCulture)[1..].TrimEnd('0');
}
