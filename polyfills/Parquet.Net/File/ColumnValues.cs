using System.Numerics;
using Parquet.Encodings;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet.File;

/// <summary>Collects the values of one column chunk, page by page.</summary>
internal abstract class ColumnValues
{
    private static readonly System.Text.UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Takes the dictionary page.</summary>
    public abstract void ReadDictionary(ReadOnlyMemory<byte> data, int count);

    /// <summary>Takes the values of a data page.</summary>
    public abstract void ReadPage(Encoding encoding, ReadOnlyMemory<byte> data, int count);

    /// <summary>All values, as an array of the field's type.</summary>
    public abstract Array ToArray();

    /// <summary>The reader for a column whose values are wanted as <paramref name="field"/> says.</summary>
    public static ColumnValues Create(SchemaElement e, DataField field)
    {
        int scale = (field as DecimalDataField)?.Scale ?? e.Scale ?? 0;
        System.Type type = field.ClrType;
        int length = e.Type == Meta.Type.FIXED_LEN_BYTE_ARRAY ? e.TypeLength!.Value : 0;
        return e.Type switch
        {
            Meta.Type.BOOLEAN when type == typeof(bool) => Of(PageValues.Booleans, value => value),
            Meta.Type.INT32 => OfInt32(e, field, type, scale),
            Meta.Type.INT64 => OfInt64(e, field, type, scale),
            Meta.Type.INT96 when type == typeof(DateTime) => Of(PageValues.Int96s, value => value.ToDateTime()),
            Meta.Type.INT96 when type == typeof(BigInteger) => Of(PageValues.Int96s, value => value.ToBigInteger()),
            Meta.Type.FLOAT when type == typeof(float) => Of(PageValues.Floats, value => value),
            Meta.Type.DOUBLE when type == typeof(double) => Of(PageValues.Doubles, value => value),
            Meta.Type.BYTE_ARRAY => OfBytes(PageValues.ByteArrays, field, type, scale, 0),
            Meta.Type.FIXED_LEN_BYTE_ARRAY => OfBytes(PageValues.FixedByteArrays, field, type, scale, length),
            _ => null,
        } ?? throw new ParquetException($"values of {e.Type} cannot be read as {type}");
    }

    private static ColumnValues<TPhysical, TValue> Of<TPhysical, TValue>(PageDecoder<TPhysical> decode, Func<TPhysical, TValue> convert, int length = 0) =>
        new(decode, convert, length);

    private static ColumnValues? OfInt32(SchemaElement e, DataField field, System.Type type, int scale) => type switch
    {
        _ when type == typeof(int) => Of(PageValues.Int32s, value => value),
        _ when type == typeof(uint) => Of(PageValues.Int32s, value => unchecked((uint)value)),
        _ when type == typeof(short) => Of(PageValues.Int32s, value => unchecked((short)value)),
        _ when type == typeof(ushort) => Of(PageValues.Int32s, value => unchecked((ushort)value)),
        _ when type == typeof(sbyte) => Of(PageValues.Int32s, value => unchecked((sbyte)value)),
        _ when type == typeof(byte) => Of(PageValues.Int32s, value => unchecked((byte)value)),
        _ when type == typeof(DateTime) => Of(PageValues.Int32s, value => DateTime.UnixEpoch.AddDays(value)),
        _ when type == typeof(DateOnly) => Of(PageValues.Int32s, value => DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(value))),
        _ when type == typeof(TimeSpan) => Of(PageValues.Int32s, value => TimeSpan.FromMilliseconds(value)),
        _ when type == typeof(TimeOnly) => Of(PageValues.Int32s, value => TimeOnly.FromTimeSpan(TimeSpan.FromMilliseconds(value))),
        _ when type == typeof(decimal) => Of(PageValues.Int32s, value => Decimals.From(value, scale)),
        _ => null,
    };

    private static ColumnValues? OfInt64(SchemaElement e, DataField field, System.Type type, int scale)
    {
        if (type == typeof(long)) return Of(PageValues.Int64s, value => value);
        if (type == typeof(ulong)) return Of(PageValues.Int64s, value => unchecked((ulong)value));
        if (type == typeof(decimal)) return Of(PageValues.Int64s, value => Decimals.From(value, scale));
        if (type == typeof(TimeSpan)) return Of(PageValues.Int64s, value => TimeSpan.FromTicks(checked(value * TimeSpan.TicksPerMicrosecond)));
        if (type == typeof(TimeOnly)) return Of(PageValues.Int64s, value => new TimeOnly(checked(value * TimeSpan.TicksPerMicrosecond)));
        if (type != typeof(DateTime)) return null;
        DateTimeKind kind = (field as DateTimeDataField)?.IsAdjustedToUTC != false ? DateTimeKind.Utc : DateTimeKind.Local;
        return ((field as DateTimeDataField)?.Unit ?? DateTimeTimeUnit.Millis) switch
        {
            DateTimeTimeUnit.Millis => Of(PageValues.Int64s, value => Time(checked(value * TimeSpan.TicksPerMillisecond), kind)),
            DateTimeTimeUnit.Micros => Of(PageValues.Int64s, value => Time(checked(value * TimeSpan.TicksPerMicrosecond), kind)),
            _ => Of(PageValues.Int64s, value => Time(value / 100, kind)),
        };
    }

    private static ColumnValues? OfBytes(PageDecoder<ReadOnlyMemory<byte>> decode, DataField field, System.Type type, int scale, int length) => type switch
    {
        _ when type == typeof(string) => Of(decode, value => Utf8.GetString(value.Span), length),
        _ when type == typeof(byte[]) => Of(decode, value => value.ToArray(), length),
        _ when type == typeof(decimal) => Of(decode, value => Decimals.From(new BigInteger(value.Span, isBigEndian: true), scale), length),
        _ when type == typeof(Guid) && length == 16 => Of(decode, value => new Guid(value.Span, bigEndian: true), length),
        _ => null,
    };

    private static DateTime Time(long ticks, DateTimeKind kind) => new(checked(DateTime.UnixEpoch.Ticks + ticks), kind);
}

/// <inheritdoc/>
/// <param name="decode">Decodes a page.</param>
/// <param name="convert">From the physical type to the field's.</param>
/// <param name="length">Bytes per value where that is fixed by the schema.</param>
internal sealed class ColumnValues<TPhysical, TValue>(PageDecoder<TPhysical> decode, Func<TPhysical, TValue> convert, int length) : ColumnValues
{
    private readonly List<TValue[]> _pages = [];
    private TValue[]? _dictionary;

    public override void ReadDictionary(ReadOnlyMemory<byte> data, int count) => _dictionary = Values(Encoding.PLAIN, data, count);

    public override void ReadPage(Encoding encoding, ReadOnlyMemory<byte> data, int count) =>
        _pages.Add(encoding is Encoding.PLAIN_DICTIONARY or Encoding.RLE_DICTIONARY ? Looked(data.Span, count) : Values(encoding, data, count));

    public override Array ToArray()
    {
        if (_pages.Count == 1) return _pages[0];
        var all = new TValue[_pages.Sum(page => page.Length)];
        int at = 0;
        foreach (TValue[] page in _pages)
        {
            page.CopyTo(all, at);
            at += page.Length;
        }
        return all;
    }

    private TValue[] Looked(ReadOnlySpan<byte> data, int count)
    {
        if (count == 0) return [];
        if (_dictionary is null) throw new ParquetException("the values refer to a dictionary, but there is none before them");
        if (_dictionary.Length == 0 || data.Length == 0) throw new ParquetException($"{count} values refer to an empty dictionary or have no indices");
        var indices = new int[count];
        RleBitPackedHybrid.Decode(data[1..], data[0], _dictionary.Length - 1, indices);
        return Array.ConvertAll(indices, index => _dictionary[index]);
    }

    private TValue[] Values(Encoding encoding, ReadOnlyMemory<byte> data, int count)
    {
        TPhysical[] physical = decode(encoding, data, count, length);
        // The runtime would take an int[] for a uint[] too, so the types are compared.
        return typeof(TPhysical) == typeof(TValue) ? (TValue[])(object)physical : Array.ConvertAll(physical, value => convert(value));
    }
}
