using Parquet.Meta;

namespace Parquet.Thrift;

/// <summary>Writes the structures of parquet.thrift.</summary>
internal static class MetadataWriter
{
    public static void Write(FileMetaData meta, Stream output)
    {
        var w = new CompactWriter(output);
        w.BeginStruct();
        w.Int32(1, meta.Version);
        w.List(2, CompactType.Struct, meta.Schema, element => Element(w, element));
        w.Int64(3, meta.NumRows);
        w.List(4, CompactType.Struct, meta.RowGroups, group => Group(w, group));
        w.List(5, CompactType.Struct, meta.KeyValueMetadata, pair =>
        {
            w.Text(1, pair.Key);
            w.Text(2, pair.Value);
        });
        w.Text(6, meta.CreatedBy);
        w.EndStruct();
    }

    public static void Write(PageHeader page, Stream output)
    {
        var w = new CompactWriter(output);
        w.BeginStruct();
        w.Int32(1, (int)page.Type);
        w.Int32(2, page.UncompressedPageSize);
        w.Int32(3, page.CompressedPageSize);
        w.Int32(4, page.Crc);
        if (page.Type == PageType.DATA_PAGE)
        {
            w.Struct(5, () =>
            {
                w.Int32(1, page.NumValues);
                w.Int32(2, (int)page.Encoding);
                w.Int32(3, (int)Encoding.RLE);
                w.Int32(4, (int)Encoding.RLE);
            });
        }
        else
        {
            w.Struct(7, () =>
            {
                w.Int32(1, page.NumValues);
                w.Int32(2, (int)page.Encoding);
            });
        }
        w.EndStruct();
    }

    private static void Element(CompactWriter w, SchemaElement e)
    {
        w.Int32(1, (int?)e.Type);
        w.Int32(2, e.TypeLength);
        w.Int32(3, (int?)e.RepetitionType);
        w.Text(4, e.Name);
        w.Int32(5, e.NumChildren);
        w.Int32(6, (int?)e.ConvertedType);
        w.Int32(7, e.Scale);
        w.Int32(8, e.Precision);
        w.Int32(9, e.FieldId);
        if (e.LogicalType is { } logical) w.Struct(10, () => Logical(w, logical));
    }

    private static void Logical(CompactWriter w, LogicalType logical)
    {
        if (logical.STRING is not null) w.EmptyStruct(1);
        else if (logical.MAP is not null) w.EmptyStruct(2);
        else if (logical.LIST is not null) w.EmptyStruct(3);
        else if (logical.DATE is not null) w.EmptyStruct(6);
        else if (logical.UUID is not null) w.EmptyStruct(14);
        else if (logical.DECIMAL is { } number)
        {
            w.Struct(5, () =>
            {
                w.Int32(1, number.Scale);
                w.Int32(2, number.Precision);
            });
        }
        else if (logical.TIME is { } time) w.Struct(7, () => Time(w, time.IsAdjustedToUTC, time.Unit));
        else if (logical.TIMESTAMP is { } timestamp) w.Struct(8, () => Time(w, timestamp.IsAdjustedToUTC, timestamp.Unit));
        else if (logical.INTEGER is { } integer)
        {
            w.Struct(10, () =>
            {
                w.SByte(1, integer.BitWidth);
                w.Bool(2, integer.IsSigned);
            });
        }
    }

    private static void Time(CompactWriter w, bool utc, TimeUnit unit)
    {
        w.Bool(1, utc);
        w.Struct(2, () => w.EmptyStruct(unit.MILLIS is not null ? (short)1 : unit.MICROS is not null ? (short)2 : (short)3));
    }

    private static void Group(CompactWriter w, RowGroup group)
    {
        w.List(1, CompactType.Struct, group.Columns, chunk =>
        {
            w.Int64(2, chunk.FileOffset);
            w.Struct(3, () => Column(w, chunk.MetaData!));
        });
        w.Int64(2, group.TotalByteSize);
        w.Int64(3, group.NumRows);
    }

    private static void Column(CompactWriter w, ColumnMetaData column)
    {
        w.Int32(1, (int)column.Type);
        w.List(2, CompactType.I32, column.Encodings, encoding => w.Int32((int)encoding));
        w.List(3, CompactType.Binary, column.PathInSchema, w.Text);
        w.Int32(4, (int)column.Codec);
        w.Int64(5, column.NumValues);
        w.Int64(6, column.TotalUncompressedSize);
        w.Int64(7, column.TotalCompressedSize);
        w.Int64(9, column.DataPageOffset);
        w.Int64(11, column.DictionaryPageOffset);
        if (column.NullCount is { } nulls) w.Struct(12, () => w.Int64(3, nulls));
    }
}
