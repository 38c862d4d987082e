using Parquet.Meta;

namespace Parquet.Schema;

/// <summary>Turns fields into the footer's flat list of elements.</summary>
internal static class SchemaWriter
{
    public static List<SchemaElement> Write(ParquetSchema schema)
    {
        var elements = new List<SchemaElement> { new() { Name = "root", NumChildren = schema.Fields.Count } };
        foreach (Field field in schema.Fields) Add(field, elements);
        return elements;
    }

    /// <summary>The element of a column.</summary>
    public static SchemaElement Element(DataField field)
    {
        var e = new SchemaElement
        {
            Name = field.Name,
            RepetitionType = field.IsArray ? FieldRepetitionType.REPEATED : Repetition(field.IsNullable),
        };
        if (field is DecimalDataField number) SetDecimal(e, number.Precision, number.Scale, number.ForceByteArrayEncoding);
        else if (field is DateTimeDataField time) SetDateTime(e, time);
        else if (field is TimeSpanDataField { TimeSpanFormat: TimeSpanFormat.MilliSeconds }) SetTime(e, milliseconds: true);
        else SetPlain(e, field.ClrType);
        return e;
    }

    private static void Add(Field field, List<SchemaElement> elements)
    {
        switch (field)
        {
            case DataField data:
                elements.Add(Element(data));
                break;
            case StructField group:
                elements.Add(new SchemaElement { Name = group.Name, RepetitionType = Repetition(group.IsNullable), NumChildren = group.Fields.Count });
                foreach (Field child in group.Fields) Add(child, elements);
                break;
            case ListField list:
                elements.Add(new SchemaElement
                {
                    Name = list.Name,
                    RepetitionType = Repetition(list.IsNullable),
                    NumChildren = 1,
                    ConvertedType = ConvertedType.LIST,
                    LogicalType = new LogicalType { LIST = new ListType() },
                });
                elements.Add(new SchemaElement { Name = list.ContainerName ?? "list", RepetitionType = FieldRepetitionType.REPEATED, NumChildren = 1 });
                Add(list.Item, elements);
                break;
            case MapField map:
                elements.Add(new SchemaElement
                {
                    Name = map.Name,
                    RepetitionType = Repetition(map.IsNullable),
                    NumChildren = 1,
                    ConvertedType = ConvertedType.MAP,
                    LogicalType = new LogicalType { MAP = new MapType() },
                });
                elements.Add(new SchemaElement { Name = map.ContainerName, RepetitionType = FieldRepetitionType.REPEATED, NumChildren = 2 });
                Add(map.Key, elements);
                Add(map.Value, elements);
                break;
        }
    }

    private static void SetPlain(SchemaElement e, System.Type type)
    {
        switch (type)
        {
            case var t when t == typeof(bool): e.Type = Meta.Type.BOOLEAN; break;
            case var t when t == typeof(int): e.Type = Meta.Type.INT32; break;
            case var t when t == typeof(long): e.Type = Meta.Type.INT64; break;
            case var t when t == typeof(float): e.Type = Meta.Type.FLOAT; break;
            case var t when t == typeof(double): e.Type = Meta.Type.DOUBLE; break;
            case var t when t == typeof(byte[]): e.Type = Meta.Type.BYTE_ARRAY; break;
            case var t when t == typeof(DateTime): e.Type = Meta.Type.INT96; break;
            case var t when t == typeof(decimal): SetDecimal(e, 38, 18, forceBytes: false); break;
            case var t when t == typeof(TimeSpan) || t == typeof(TimeOnly): SetTime(e, milliseconds: false); break;
            case var t when t == typeof(string):
                e.Type = Meta.Type.BYTE_ARRAY;
                e.ConvertedType = ConvertedType.UTF8;
                e.LogicalType = new LogicalType { STRING = new StringType() };
                break;
            case var t when t == typeof(Guid):
                e.Type = Meta.Type.FIXED_LEN_BYTE_ARRAY;
                e.TypeLength = 16;
                e.LogicalType = new LogicalType { UUID = new UUIDType() };
                break;
            case var t when t == typeof(DateOnly):
                e.Type = Meta.Type.INT32;
                e.ConvertedType = ConvertedType.DATE;
                e.LogicalType = new LogicalType { DATE = new DateType() };
                break;
            case var t when t == typeof(sbyte): SetInteger(e, Meta.Type.INT32, ConvertedType.INT_8, 8, true); break;
            case var t when t == typeof(byte): SetInteger(e, Meta.Type.INT32, ConvertedType.UINT_8, 8, false); break;
            case var t when t == typeof(short): SetInteger(e, Meta.Type.INT32, ConvertedType.INT_16, 16, true); break;
            case var t when t == typeof(ushort): SetInteger(e, Meta.Type.INT32, ConvertedType.UINT_16, 16, false); break;
            case var t when t == typeof(uint): SetInteger(e, Meta.Type.INT32, ConvertedType.UINT_32, 32, false); break;
            case var t when t == typeof(ulong): SetInteger(e, Meta.Type.INT64, ConvertedType.UINT_64, 64, false); break;
            default: throw new NotSupportedException($"columns of {type} cannot be written");
        }
    }

    private static void SetInteger(SchemaElement e, Meta.Type type, ConvertedType converted, sbyte bits, bool signed)
    {
        e.Type = type;
        e.ConvertedType = converted;
        e.LogicalType = new LogicalType { INTEGER = new IntType { BitWidth = bits, IsSigned = signed } };
    }

    private static void SetDecimal(SchemaElement e, int precision, int scale, bool forceBytes)
    {
        e.ConvertedType = ConvertedType.DECIMAL;
        e.Precision = precision;
        e.Scale = scale;
        e.LogicalType = new LogicalType { DECIMAL = new DecimalType { Precision = precision, Scale = scale } };
        e.Type = forceBytes || precision > 18 ? Meta.Type.FIXED_LEN_BYTE_ARRAY : precision > 9 ? Meta.Type.INT64 : Meta.Type.INT32;
        // Bytes that hold 10^precision − 1 with its sign.
        if (e.Type == Meta.Type.FIXED_LEN_BYTE_ARRAY) e.TypeLength = (int)Math.Ceiling(((precision * Math.Log2(10)) + 1) / 8);
    }

    private static void SetDateTime(SchemaElement e, DateTimeDataField field)
    {
        switch (field.DateTimeFormat)
        {
            case DateTimeFormat.Impala:
                e.Type = Meta.Type.INT96;
                break;
            case DateTimeFormat.Date:
                e.Type = Meta.Type.INT32;
                e.ConvertedType = ConvertedType.DATE;
                e.LogicalType = new LogicalType { DATE = new DateType() };
                break;
            default:
                bool utc = field.DateTimeFormat != DateTimeFormat.Timestamp || field.IsAdjustedToUTC;
                e.Type = Meta.Type.INT64;
                if (utc && field.Unit != DateTimeTimeUnit.Nanos)
                    e.ConvertedType = field.Unit == DateTimeTimeUnit.Millis ? ConvertedType.TIMESTAMP_MILLIS : ConvertedType.TIMESTAMP_MICROS;
                e.LogicalType = new LogicalType { TIMESTAMP = new TimestampType { IsAdjustedToUTC = utc, Unit = Unit(field.Unit) } };
                break;
        }
    }

    private static void SetTime(SchemaElement e, bool milliseconds)
    {
        e.Type = milliseconds ? Meta.Type.INT32 : Meta.Type.INT64;
        e.ConvertedType = milliseconds ? ConvertedType.TIME_MILLIS : ConvertedType.TIME_MICROS;
        e.LogicalType = new LogicalType
        {
            TIME = new TimeType { IsAdjustedToUTC = true, Unit = Unit(milliseconds ? DateTimeTimeUnit.Millis : DateTimeTimeUnit.Micros) },
        };
    }

    private static TimeUnit Unit(DateTimeTimeUnit unit) => unit switch
    {
        DateTimeTimeUnit.Millis => new TimeUnit { MILLIS = new MilliSeconds() },
        DateTimeTimeUnit.Micros => new TimeUnit { MICROS = new MicroSeconds() },
        _ => new TimeUnit { NANOS = new NanoSeconds() },
    };

    private static FieldRepetitionType Repetition(bool nullable) => nullable ? FieldRepetitionType.OPTIONAL : FieldRepetitionType.REQUIRED;
}
