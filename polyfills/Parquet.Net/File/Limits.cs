namespace Parquet.File;

/// <summary>How much a file may make the reader hold. A few bytes can stand for gigabytes, in damaged or hostile files above all.</summary>
internal static class Limits
{
    /// <summary>Footer, in bytes.</summary>
    public const int Footer = 64 << 20;

    /// <summary>One page when decompressed, in bytes.</summary>
    public const int Page = 256 << 20;

    /// <summary>One column of a row group when decompressed, in bytes.</summary>
    public const long Chunk = 1L << 30;

    /// <summary>All columns of a row group when decompressed, in bytes.</summary>
    public const long RowGroup = 2L << 30;

    /// <summary>Values of one column of a row group, nulls counted.</summary>
    public const int Values = 1 << 26;

    public static void CheckPage(long bytes)
    {
        if (bytes > Page) throw new ParquetException($"a page of {bytes} bytes is over the limit of {Page >> 20} MiB");
    }

    public static void CheckChunk(long bytes)
    {
        if (bytes > Chunk) throw new ParquetException($"the column takes more than {Chunk >> 20} MiB in one row group, which is the limit; write smaller row groups");
    }

    public static void CheckRowGroup(long bytes)
    {
        if (bytes > RowGroup) throw new ParquetException($"the row group takes more than {RowGroup >> 20} MiB, which is the limit; write smaller row groups");
    }

    public static void CheckValues(long values)
    {
        if (values > Values) throw new ParquetException($"the column has more than {Values} values in one row group, which is the limit; write smaller row groups");
    }
}
