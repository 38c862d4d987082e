namespace Parquet;

/// <summary>Compression of the pages of a file.</summary>
public enum CompressionMethod
{
    None = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,

    /// <summary>The deprecated LZ4 codec with Hadoop's framing: read only, write <see cref="Lz4Raw"/>.</summary>
    LZ4 = 5,
    Zstd = 6,
    Lz4Raw = 7,
}
