namespace Parquet.Meta;

/// <summary>The footer of a file.</summary>
public class FileMetaData
{
    public int Version { get; set; }

    /// <summary>The schema tree in depth-first order; the first element is the root.</summary>
    public List<SchemaElement> Schema { get; set; } = [];

    public long NumRows { get; set; }
    public List<RowGroup> RowGroups { get; set; } = [];
    public List<KeyValue>? KeyValueMetadata { get; set; }
    public string? CreatedBy { get; set; }
}

public class SchemaElement
{
    /// <summary>Physical type; null for groups.</summary>
    public Type? Type { get; set; }

    /// <summary>Length of FIXED_LEN_BYTE_ARRAY values in bytes.</summary>
    public int? TypeLength { get; set; }

    public FieldRepetitionType? RepetitionType { get; set; }
    public string Name { get; set; } = "";

    /// <summary>Number of children; null for leaves.</summary>
    public int? NumChildren { get; set; }

    public ConvertedType? ConvertedType { get; set; }
    public int? Scale { get; set; }
    public int? Precision { get; set; }
    public int? FieldId { get; set; }
    public LogicalType? LogicalType { get; set; }
}

public class KeyValue
{
    public string Key { get; set; } = "";
    public string? Value { get; set; }
}

public class RowGroup
{
    public List<ColumnChunk> Columns { get; set; } = [];
    public long TotalByteSize { get; set; }
    public long NumRows { get; set; }
}

public class ColumnChunk
{
    /// <summary>The file that holds the data; null for this one.</summary>
    public string? FilePath { get; set; }

    public long FileOffset { get; set; }
    public ColumnMetaData? MetaData { get; set; }
    internal bool IsEncrypted { get; set; }
}

public class ColumnMetaData
{
    public Type Type { get; set; }
    public List<Encoding> Encodings { get; set; } = [];
    public List<string> PathInSchema { get; set; } = [];
    public CompressionCodec Codec { get; set; }

    /// <summary>Number of values, nulls and empty lists included.</summary>
    public long NumValues { get; set; }

    public long TotalUncompressedSize { get; set; }
    public long TotalCompressedSize { get; set; }
    public long DataPageOffset { get; set; }
    public long? DictionaryPageOffset { get; set; }
    internal long? NullCount { get; set; }
}

/// <summary>Header of one page: the fields of all page kinds side by side.</summary>
internal sealed class PageHeader
{
    public PageType Type;
    public int UncompressedPageSize;
    public int CompressedPageSize;
    public int? Crc;

    /// <summary>Values of a data page (nulls included), or entries of a dictionary page.</summary>
    public int NumValues;

    public Encoding Encoding;
    public Encoding DefinitionLevelEncoding = Encoding.RLE;
    public Encoding RepetitionLevelEncoding = Encoding.RLE;

    // Of DATA_PAGE_V2 only.
    public int NumNulls;
    public int NumRows;
    public int DefinitionLevelsByteLength;
    public int RepetitionLevelsByteLength;
    public bool IsCompressed = true;
}
