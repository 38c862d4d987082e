using Parquet.Meta;

namespace Parquet.Thrift;

/// <summary>Reads the structures of parquet.thrift. Fields that the reader has no use for are skipped.</summary>
internal static class MetadataReader
{
    /// <summary>Most elements that a schema may have.</summary>
    private const int MaxSchemaElements = 1 << 17;

    public static FileMetaData File(ReadOnlySpan<byte> data)
    {
        var r = new CompactReader(data);
        var meta = new FileMetaData();
        bool encrypted = false;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (id)
            {
                case 1: meta.Version = r.Int32(type); break;
                case 2:
                    int elements = r.List(type, CompactType.Struct);
                    if (elements > MaxSchemaElements) throw new ParquetException($"the schema has {elements} elements, more than {MaxSchemaElements}");
                    for (int i = 0; i < elements; i++) meta.Schema.Add(Element(ref r));
                    break;
                case 3: meta.NumRows = r.Int64(type); break;
                case 4:
                    for (int n = r.List(type, CompactType.Struct); n > 0; n--) meta.RowGroups.Add(Group(ref r));
                    break;
                case 5:
                    meta.KeyValueMetadata = [];
                    for (int n = r.List(type, CompactType.Struct); n > 0; n--) meta.KeyValueMetadata.Add(Pair(ref r));
                    break;
                case 6: meta.CreatedBy = r.Text(type); break;
                case 8: encrypted = true; r.Skip(type); break;
                default: r.Skip(type); break;
            }
        }
        if (meta.Schema.Count == 0) throw new ParquetException(encrypted ? "the file is encrypted" : "the footer holds no schema");
        return meta;
    }

    private static SchemaElement Element(ref CompactReader r)
    {
        var element = new SchemaElement();
        string? name = null;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (id)
            {
                case 1: element.Type = Defined<Meta.Type>(r.Int32(type), "physical type"); break;
                case 2: element.TypeLength = r.Int32(type); break;
                case 3: element.RepetitionType = Defined<FieldRepetitionType>(r.Int32(type), "repetition"); break;
                case 4: name = r.Text(type); break;
                case 5: element.NumChildren = r.Int32(type); break;
                case 6:
                    int converted = r.Int32(type);
                    if (Enum.IsDefined((ConvertedType)converted)) element.ConvertedType = (ConvertedType)converted;
                    break;
                case 7: element.Scale = r.Int32(type); break;
                case 8: element.Precision = r.Int32(type); break;
                case 9: element.FieldId = r.Int32(type); break;
                case 10 when type == CompactType.Struct: element.LogicalType = Logical(ref r); break;
                default: r.Skip(type); break;
            }
        }
        element.Name = name ?? throw Missing("name of a schema element");
        return element;
    }

    private static LogicalType Logical(ref CompactReader r)
    {
        var logical = new LogicalType();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (id)
            {
                case 5 when type == CompactType.Struct: logical.DECIMAL = Decimal(ref r); continue;
                case 7 when type == CompactType.Struct: (bool utcTime, TimeUnit timeUnit) = Time(ref r); logical.TIME = new TimeType { IsAdjustedToUTC = utcTime, Unit = timeUnit }; continue;
                case 8 when type == CompactType.Struct: (bool utc, TimeUnit unit) = Time(ref r); logical.TIMESTAMP = new TimestampType { IsAdjustedToUTC = utc, Unit = unit }; continue;
                case 10 when type == CompactType.Struct: logical.INTEGER = Integer(ref r); continue;
                case 1: logical.STRING = new StringType(); break;
                case 2: logical.MAP = new MapType(); break;
                case 3: logical.LIST = new ListType(); break;
                case 4: logical.ENUM = new EnumType(); break;
                case 6: logical.DATE = new DateType(); break;
                case 11: logical.UNKNOWN = new NullType(); break;
                case 12: logical.JSON = new JsonType(); break;
                case 13: logical.BSON = new BsonType(); break;
                case 14: logical.UUID = new UUIDType(); break;
                case 15: logical.FLOAT16 = new Float16Type(); break;
            }
            r.Skip(type);
        }
        return logical;
    }

    private static DecimalType Decimal(ref CompactReader r)
    {
        var result = new DecimalType();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id == 1) result.Scale = r.Int32(type);
            else if (id == 2) result.Precision = r.Int32(type);
            else r.Skip(type);
        }
        return result;
    }

    private static (bool Utc, TimeUnit Unit) Time(ref CompactReader r)
    {
        bool utc = false;
        var unit = new TimeUnit();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id == 1) utc = CompactReader.Bool(type);
            else if (id == 2 && type == CompactType.Struct) unit = Unit(ref r);
            else r.Skip(type);
        }
        return (utc, unit);
    }

    private static TimeUnit Unit(ref CompactReader r)
    {
        var unit = new TimeUnit();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id == 1) unit.MILLIS = new MilliSeconds();
            else if (id == 2) unit.MICROS = new MicroSeconds();
            else if (id == 3) unit.NANOS = new NanoSeconds();
            r.Skip(type);
        }
        return unit;
    }

    private static IntType Integer(ref CompactReader r)
    {
        var result = new IntType();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id == 1) result.BitWidth = (sbyte)r.Int64(type);
            else if (id == 2) result.IsSigned = CompactReader.Bool(type);
            else r.Skip(type);
        }
        return result;
    }

    private static KeyValue Pair(ref CompactReader r)
    {
        var pair = new KeyValue();
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id == 1) pair.Key = r.Text(type);
            else if (id == 2) pair.Value = r.Text(type);
            else r.Skip(type);
        }
        return pair;
    }

    private static RowGroup Group(ref CompactReader r)
    {
        var group = new RowGroup();
        bool hasRows = false;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (id)
            {
                case 1:
                    for (int n = r.List(type, CompactType.Struct); n > 0; n--) group.Columns.Add(Chunk(ref r));
                    break;
                case 2: group.TotalByteSize = r.Int64(type); break;
                case 3: group.NumRows = r.Int64(type); hasRows = true; break;
                default: r.Skip(type); break;
            }
        }
        return hasRows ? group : throw Missing("row count of a row group");
    }

    private static ColumnChunk Chunk(ref CompactReader r)
    {
        var chunk = new ColumnChunk();
        bool any = false;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            any = true;
            switch (id)
            {
                case 1: chunk.FilePath = r.Text(type); break;
                case 2: chunk.FileOffset = r.Int64(type); break;
                case 3 when type == CompactType.Struct: chunk.MetaData = Column(ref r); break;
                case 8 or 9: chunk.IsEncrypted = true; r.Skip(type); break;
                default: r.Skip(type); break;
            }
        }
        return any ? chunk : throw Missing("content of a column chunk");
    }

    private static ColumnMetaData Column(ref CompactReader r)
    {
        var column = new ColumnMetaData();
        int seen = 0;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            if (id is > 0 and < 12) seen |= 1 << id;
            switch (id)
            {
                case 1: column.Type = Defined<Meta.Type>(r.Int32(type), "physical type"); break;
                case 2:
                    for (int n = r.List(type, CompactType.I32); n > 0; n--) column.Encodings.Add((Encoding)r.Int32(CompactType.I32));
                    break;
                case 3:
                    for (int n = r.List(type, CompactType.Binary); n > 0; n--) column.PathInSchema.Add(r.Text(CompactType.Binary));
                    break;
                case 4: column.Codec = (CompressionCodec)r.Int32(type); break;
                case 5: column.NumValues = r.Int64(type); break;
                case 6: column.TotalUncompressedSize = r.Int64(type); break;
                case 7: column.TotalCompressedSize = r.Int64(type); break;
                case 9: column.DataPageOffset = r.Int64(type); break;
                case 11: column.DictionaryPageOffset = r.Int64(type); break;
                default: r.Skip(type); break;
            }
        }
        const int required = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 9;
        return (seen & required) == required ? column : throw Missing("type, path, codec, value count, size or offset of a column chunk");
    }

    /// <summary>The page header at the start of <paramref name="data"/> and its length in bytes.</summary>
    public static PageHeader Page(ReadOnlySpan<byte> data, out int length)
    {
        var r = new CompactReader(data);
        var page = new PageHeader();
        int? kind = null;
        bool sizes = false, body = false;
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (id)
            {
                case 1: kind = r.Int32(type); break;
                case 2: page.UncompressedPageSize = r.Int32(type); break;
                case 3: page.CompressedPageSize = r.Int32(type); sizes = true; break;
                case 4: page.Crc = r.Int32(type); break;
                case 5 or 7 or 8 when type == CompactType.Struct: PageBody(ref r, page, id); body = true; break;
                default: r.Skip(type); break;
            }
        }
        length = r.Position;
        page.Type = (PageType)(kind ?? throw Missing("type of a page"));
        if (!sizes) throw Missing("size of a page");
        if (!body && page.Type is PageType.DATA_PAGE or PageType.DATA_PAGE_V2 or PageType.DICTIONARY_PAGE) throw Missing($"header of a page of type {page.Type}");
        if (page.UncompressedPageSize < 0 || page.CompressedPageSize < 0 || page.NumValues < 0)
            throw new ParquetException($"a page claims {page.UncompressedPageSize} bytes, {page.CompressedPageSize} compressed, {page.NumValues} values");
        return page;
    }

    /// <summary>DataPageHeader (5), DictionaryPageHeader (7) or DataPageHeaderV2 (8).</summary>
    private static void PageBody(ref CompactReader r, PageHeader page, short kind)
    {
        short id = 0;
        r.EnterStruct();
        while (r.NextField(ref id, out CompactType type))
        {
            switch (kind, id)
            {
                case (_, 1): page.NumValues = r.Int32(type); break;
                case (5 or 7, 2): page.Encoding = (Encoding)r.Int32(type); break;
                case (5, 3): page.DefinitionLevelEncoding = (Encoding)r.Int32(type); break;
                case (5, 4): page.RepetitionLevelEncoding = (Encoding)r.Int32(type); break;
                case (8, 2): page.NumNulls = r.Int32(type); break;
                case (8, 3): page.NumRows = r.Int32(type); break;
                case (8, 4): page.Encoding = (Encoding)r.Int32(type); break;
                case (8, 5): page.DefinitionLevelsByteLength = r.Int32(type); break;
                case (8, 6): page.RepetitionLevelsByteLength = r.Int32(type); break;
                case (8, 7): page.IsCompressed = CompactReader.Bool(type); break;
                default: r.Skip(type); break;
            }
        }
    }

    private static T Defined<T>(int value, string what)
        where T : struct, Enum
    {
        var result = (T)Enum.ToObject(typeof(T), value);
        return Enum.IsDefined(result) ? result : throw new ParquetException($"{value} is no {what} of the Parquet format");
    }

    private static ParquetException Missing(string what) => new($"metadata lacks the {what}");
}
