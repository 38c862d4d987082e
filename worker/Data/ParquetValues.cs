using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Parquet.Meta;

namespace LightReasoner.Worker.Data;

/// <summary>
/// The JSON form of Parquet values. What JSON has no form for is an object with one <c>$</c> key: <c>{"$bytes": base64}</c>,
/// <c>{"$float": "NaN"}</c>, and <c>{"$micros": n}</c> for an INT96 beyond what its writers can count.
/// </summary>
internal static class ParquetValues
{
    private const long SecondsPerDay = 86_400, DaysPerEra = 146_097;

    /// <summary>The type that holds every value of a column as it is stored.</summary>
    public static System.Type StoredType(SchemaElement e) => e.Type switch
    {
        Parquet.Meta.Type.BOOLEAN => typeof(bool),
        Parquet.Meta.Type.INT32 => typeof(int),
        Parquet.Meta.Type.INT64 => typeof(long),
        Parquet.Meta.Type.INT96 => typeof(BigInteger),
        Parquet.Meta.Type.FLOAT => typeof(float),
        Parquet.Meta.Type.DOUBLE => typeof(double),
        Parquet.Meta.Type.BYTE_ARRAY when IsText(e) => typeof(string),
        _ => typeof(byte[]),
    };

    /// <summary>Gives the values of a column by their index.</summary>
    public static Func<int, JsonNode?> ToJson(SchemaElement e, Array values) => values switch
    {
        bool[] flags => i => flags[i],
        string[] texts => i => texts[i],
        float[] numbers => i => Number((double)numbers[i]),
        double[] numbers => i => Number(numbers[i]),
        int[] numbers => Int32(e, numbers),
        long[] numbers => Int64(e, numbers),
        BigInteger[] times => i => Int96(times[i]),
        byte[][] bytes => Bytes(e, bytes),
        _ => throw new InvalidDataException($"column '{e.Name}': {values.GetType()} has no JSON form"),
    };

    private static bool IsText(SchemaElement e) =>
        e.ConvertedType is ConvertedType.UTF8 or ConvertedType.ENUM or ConvertedType.JSON
        || e.LogicalType is { STRING: not null } or { ENUM: not null } or { JSON: not null };

    private static bool IsDecimal(SchemaElement e) => e.ConvertedType == ConvertedType.DECIMAL || e.LogicalType?.DECIMAL is not null;

    private static int Scale(SchemaElement e) => Math.Max(0, e.LogicalType?.DECIMAL?.Scale ?? e.Scale ?? 0);

    private static Func<int, JsonNode?> Int32(SchemaElement e, int[] values)
    {
        if (IsDecimal(e)) return i => Decimal(values[i], Scale(e));
        if (e.ConvertedType == ConvertedType.DATE || e.LogicalType?.DATE is not null) return i => Date(values[i]);
        if (e.ConvertedType == ConvertedType.TIME_MILLIS || e.LogicalType?.TIME is not null) return i => Time(values[i], 1_000);
        return IsUnsigned(e) ? i => Integer(unchecked((uint)values[i])) : i => Integer(values[i]);
    }

    private static Func<int, JsonNode?> Int64(SchemaElement e, long[] values)
    {
        if (IsDecimal(e)) return i => Decimal(values[i], Scale(e));
        if (e.LogicalType?.TIMESTAMP is { } timestamp) return i => Timestamp(values[i], PerSecond(timestamp.Unit), timestamp.IsAdjustedToUTC);
        if (e.ConvertedType == ConvertedType.TIMESTAMP_MILLIS) return i => Timestamp(values[i], 1_000, utc: true);
        if (e.ConvertedType == ConvertedType.TIMESTAMP_MICROS) return i => Timestamp(values[i], 1_000_000, utc: true);
        if (e.LogicalType?.TIME is { } time) return i => Time(values[i], PerSecond(time.Unit));
        if (e.ConvertedType == ConvertedType.TIME_MICROS) return i => Time(values[i], 1_000_000);
        return IsUnsigned(e) ? i => Integer(unchecked((ulong)values[i])) : i => Integer(values[i]);
    }

    private static Func<int, JsonNode?> Bytes(SchemaElement e, byte[][] values)
    {
        if (IsDecimal(e)) return i => Decimal(new BigInteger(values[i], isBigEndian: true), Scale(e));
        if (e is { LogicalType.FLOAT16: not null, TypeLength: 2 }) return i => Number((double)BitConverter.ToHalf(values[i]));
        return i => new JsonObject { ["$bytes"] = Convert.ToBase64String(values[i]) };
    }

    private static bool IsUnsigned(SchemaElement e) =>
        e.ConvertedType is ConvertedType.UINT_8 or ConvertedType.UINT_16 or ConvertedType.UINT_32 or ConvertedType.UINT_64 || e.LogicalType?.INTEGER is { IsSigned: false };

    private static long PerSecond(TimeUnit unit) => unit.NANOS is not null ? 1_000_000_000 : unit.MICROS is not null ? 1_000_000 : 1_000;

    /// <summary>A number as a JSON text would give it, so that readers may ask for any type that it fits.</summary>
    private static JsonNode? Integer(BigInteger value) => JsonNode.Parse(value.ToString(CultureInfo.InvariantCulture));

    private static JsonNode? Number(double value) => double.IsFinite(value)
        ? JsonNode.Parse(JsonFloat.Format(value))
        : new JsonObject { ["$float"] = double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity" };

    private static JsonValue Decimal(BigInteger unscaled, int scale)
    {
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return JsonValue.Create(unscaled.Sign < 0 ? "-" + text : text);
    }

    /// <summary>A day of the proleptic Gregorian calendar, of any year: <see cref="DateTime"/> ends with 9999.</summary>
    private static string Date(long days)
    {
        // Years begin on 1 March and eras of 400 years on 1 March of year 0, so that leap days come last.
        long day = days + 719_468, era = day >= 0 ? day / DaysPerEra : (day - DaysPerEra + 1) / DaysPerEra;
        long ofEra = day - (era * DaysPerEra);
        long yearOfEra = (ofEra - (ofEra / 1_460) + (ofEra / 36_524) - (ofEra / (DaysPerEra - 1))) / 365;
        long ofYear = ofEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long month = ((5 * ofYear) + 2) / 153;
        long dayOfMonth = ofYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        long year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        return string.Create(CultureInfo.InvariantCulture, $"{year:0000}-{month:00}-{dayOfMonth:00}");
    }

    private static JsonNode? Time(long value, long perSecond)
    {
        (long seconds, long fraction) = (value / perSecond, value % perSecond);
        return value >= 0 && seconds < SecondsPerDay
            ? JsonValue.Create(Clock(seconds) + Fraction(fraction, perSecond))
            : Integer(value);
    }

    /// <summary>Nanoseconds of the day, and the Julian day above them.</summary>
    private static JsonNode? Int96(BigInteger value)
    {
        BigInteger days = (value >> 64) - 2_440_588, nanos = value & ulong.MaxValue;
        if (nanos > long.MaxValue) nanos -= BigInteger.One << 64;
        nanos += days * SecondsPerDay * 1_000_000_000;
        BigInteger micros = nanos / 1_000;
        // Spark counts microseconds in 64 bits, which wrap: only they are sure, not the date.
        if (micros < long.MinValue || micros > long.MaxValue) return new JsonObject { ["$micros"] = Integer((long)(ulong)(micros & ulong.MaxValue)) };
        return Timestamp(nanos, 1_000_000_000, utc: false);
    }

    private static JsonValue Timestamp(BigInteger value, long perSecond, bool utc)
    {
        BigInteger seconds = BigInteger.DivRem(value, perSecond, out BigInteger fraction);
        if (fraction.Sign < 0) (seconds, fraction) = (seconds - 1, fraction + perSecond);
        (long days, long time) = Math.DivRem((long)seconds, SecondsPerDay);
        if (time < 0) (days, time) = (days - 1, time + SecondsPerDay);
        return JsonValue.Create($"{Date(days)}T{Clock(time)}{Fraction((long)fraction, perSecond)}{(utc ? "Z" : "")}");
    }

    private static string Clock(long second) =>
        string.Create(CultureInfo.InvariantCulture, $"{second / 3_600:00}:{second / 60 % 60:00}:{second % 60:00}");

    private static string Fraction(long fraction, long perSecond) =>
        fraction == 0 ? "" : "." + (perSecond + fraction).ToString(CultureInfo.InvariantCulture)[1..].TrimEnd('0');
}
