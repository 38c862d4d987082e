using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
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

    /// <summary>How a column's 32-bit integers are written.</summary>
    public static Func<int, JsonNode?> Int32(ColumnDescriptor column)
    {
        using var type = Annotation(() => column.LogicalType);
        switch (type)
        {
            case DecimalLogicalType { Scale: var scale }: return value => Decimal(value, scale);
            case DateLogicalType: return value => Date(value);
            case TimeLogicalType: return value => Time(value, 1_000);
            case IntLogicalType { IsSigned: false }: return value => Integer(unchecked((uint)value));
            default: return value => Integer(value);
        }
    }

    /// <summary>How a column's 64-bit integers are written.</summary>
    public static Func<long, JsonNode?> Int64(ColumnDescriptor column)
    {
        using var type = Annotation(() => column.LogicalType);
        switch (type)
        {
            case DecimalLogicalType { Scale: var scale }: return value => Decimal(value, scale);
            case TimestampLogicalType { TimeUnit: var unit, IsAdjustedToUtc: var utc }:
                return value =>
                Timestamp(value, PerSecond(unit), utc);
            case TimeLogicalType { TimeUnit: var unit }: return value => Time(value, PerSecond(unit));
            case IntLogicalType { IsSigned: false }: return value => Integer(unchecked((ulong)value));
            default: return value => Integer(value);
        }
    }

    /// <summary>How a column's byte arrays are written.</summary>
    public static Func<ByteArray, JsonNode?> Bytes(ColumnDescriptor column)
    {
        using var type = Annotation(() => column.LogicalType);
        switch (type)
        {
            case StringLogicalType or EnumLogicalType or JsonLogicalType: return value => Text(Span(value.Pointer, value.Length));
            case DecimalLogicalType { Scale: var scale }:
                return value =>
                Decimal(new BigInteger(Span(value.Pointer, value.Length), isBigEndian: true), scale);
            default: return value => Base64(Span(value.Pointer, value.Length));
        }
    }

    /// <summary>How a column's byte arrays of one length are written.</summary>
    public static Func<FixedLenByteArray, JsonNode?> FixedBytes(ColumnDescriptor column)
    {
        using var type = Annotation(() => column.LogicalType);
        var length = column.TypeLength;
        switch (type)
        {
            case DecimalLogicalType { Scale: var scale }:
                return value =>
                Decimal(new BigInteger(Span(value.Pointer, length), isBigEndian: true), scale);
            case Float16LogicalType: return value => Number((double)BitConverter.ToHalf(Span(value.Pointer, length)));
            default: return value => Base64(Span(value.Pointer, length));
        }
    }

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
        // Years begin on 1 March and eras of 400 years on 1 March of year 0, so that leap days come last.
        long day = days + 719_468, era = day >= 0 ? day / DaysPerEra : (day - DaysPerEra + 1) / DaysPerEra;
        var ofEra = day - (era * DaysPerEra);
        var yearOfEra = (ofEra - (ofEra / 1_460) + (ofEra / 36_524) - (ofEra / (DaysPerEra - 1))) / 365;
        var ofYear = ofEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var month = ((5 * ofYear) + 2) / 153;
        var dayOfMonth = ofYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        var year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        return string.Create(CultureInfo.InvariantCulture, $"{year:0000}-{month:00}-{dayOfMonth:00}");
    }

    private static JsonNode? Time(long value, long perSecond)
    {
        var (seconds, fraction) = (value / perSecond, value % perSecond);
        return value >= 0 && seconds < SecondsPerDay
            ? JsonValue.Create(Clock(seconds) + Fraction(fraction, perSecond))
            : Integer(value);
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
        string.Create(CultureInfo.InvariantCulture, $"{second / 3_600:00}:{second / 60 % 60:00}:{second % 60:00}");

    private static string Fraction(long fraction, long perSecond) =>
        fraction == 0 ? "" : "." + (perSecond + fraction).ToString(CultureInfo.InvariantCulture)[1..].TrimEnd('0');
}
