using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;
using Parquet.Meta;
using Snappier;
using ZstdSharp;

namespace Parquet.File;

/// <summary>The compression codecs of pages.</summary>
internal static class Codecs
{
    public static byte[] Compress(CompressionMethod method, CompressionLevel level, ReadOnlySpan<byte> data)
    {
        switch (method)
        {
            case CompressionMethod.None:
                return data.ToArray();
            case CompressionMethod.Snappy:
                return Snappy.CompressToArray(data);
            case CompressionMethod.Zstd:
                using (var zstd = new Compressor(level switch { CompressionLevel.Fastest => 1, CompressionLevel.SmallestSize => 19, CompressionLevel.NoCompression => 1, _ => 3 }))
                    return zstd.Wrap(data).ToArray();
            case CompressionMethod.Lz4Raw:
                var target = new byte[LZ4Codec.MaximumOutputSize(data.Length)];
                return target[..LZ4Codec.Encode(data, target)];
            case CompressionMethod.Gzip:
                return Stream(data, output => new GZipStream(output, level, leaveOpen: true));
            case CompressionMethod.Brotli:
                return Stream(data, output => new BrotliStream(output, level, leaveOpen: true));
            default:
                throw new NotSupportedException($"compression method {method} is not supported for writing");
        }
    }

    /// <summary>Decompresses to exactly <paramref name="size"/> bytes.</summary>
    /// <exception cref="ParquetException">The data is damaged, or of another size.</exception>
    public static ReadOnlyMemory<byte> Decompress(CompressionCodec codec, ReadOnlyMemory<byte> data, int size)
    {
        if (codec == CompressionCodec.UNCOMPRESSED)
            return data.Length == size ? data : throw new ParquetException($"an uncompressed page has {data.Length} bytes where its header says {size}");
        if (data.Length == 0 && size == 0) return data;
        try
        {
            var target = new byte[size];
            int got = codec switch
            {
                CompressionCodec.SNAPPY => Snappier(data.Span, target),
                CompressionCodec.GZIP => Inflate(new GZipStream(Reader(data), CompressionMode.Decompress), target),
                CompressionCodec.BROTLI => Inflate(new BrotliStream(Reader(data), CompressionMode.Decompress), target),
                CompressionCodec.ZSTD => Zstd(data.Span, target),
                CompressionCodec.LZ4_RAW => LZ4Codec.Decode(data.Span, target),
                CompressionCodec.LZ4 => HadoopLz4(data.Span, target),
                _ => throw new ParquetException($"compression codec {codec} is not supported"),
            };
            return got == size ? target : throw new ParquetException($"a page decompresses to {got} bytes where its header says {size}");
        }
        catch (Exception e) when (e is not (ParquetException or OutOfMemoryException))
        {
            throw new ParquetException($"a page is damaged: {codec} cannot decompress it ({e.Message})", e);
        }
    }

    private static int Snappier(ReadOnlySpan<byte> data, Span<byte> target)
    {
        int length = Snappy.GetUncompressedLength(data);
        return length == target.Length ? Snappy.Decompress(data, target) : length;
    }

    private static int Zstd(ReadOnlySpan<byte> data, Span<byte> target)
    {
        using var zstd = new Decompressor();
        return zstd.Unwrap(data, target);
    }

    /// <summary>Hadoop's framing: blocks of (uncompressed size, compressed size, data), big-endian. Some writers left it out.</summary>
    private static int HadoopLz4(ReadOnlySpan<byte> data, Span<byte> target)
    {
        int written = 0;
        for (ReadOnlySpan<byte> rest = data; rest.Length > 0;)
        {
            if (rest.Length < 8) return LZ4Codec.Decode(data, target);
            int size = BinaryPrimitives.ReadInt32BigEndian(rest), compressed = BinaryPrimitives.ReadInt32BigEndian(rest[4..]);
            if (size < 0 || size > target.Length - written || compressed < 0 || compressed > rest.Length - 8) return LZ4Codec.Decode(data, target);
            if (LZ4Codec.Decode(rest.Slice(8, compressed), target.Slice(written, size)) != size) return LZ4Codec.Decode(data, target);
            written += size;
            rest = rest[(8 + compressed)..];
        }
        return written;
    }

    /// <summary>Fills the target and counts what would go past it as one byte more.</summary>
    private static int Inflate(Stream source, Span<byte> target)
    {
        using (source)
        {
            int got = source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
            return got == target.Length && source.ReadByte() >= 0 ? got + 1 : got;
        }
    }

    private static MemoryStream Reader(ReadOnlyMemory<byte> data) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(data, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(data.ToArray());

    private static byte[] Stream(ReadOnlySpan<byte> data, Func<Stream, Stream> open)
    {
        using var output = new MemoryStream();
        using (Stream compressor = open(output)) compressor.Write(data);
        return output.ToArray();
    }
}
