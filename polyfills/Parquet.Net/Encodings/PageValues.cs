using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Parquet.Meta;

namespace Parquet.Encodings;

/// <summary>Decodes the values of one page to their physical type.</summary>
/// <param name="encoding">How they are stored.</param>
/// <param name="data">The bytes after the levels.</param>
/// <param name="count">Number of values, nulls not counted.</param>
/// <param name="length">Bytes per value of FIXED_LEN_BYTE_ARRAY, else 0.</param>
internal delegate T[] PageDecoder<T>(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length);

/// <summary>The page decoders of the physical types.</summary>
internal static class PageValues
{
    public static bool[] Booleans(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length)
    {
        ReadOnlySpan<byte> bytes = data.Span;
        if (encoding == Encoding.RLE)
        {
            int size = bytes.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : -1;
            if (size < 0 || size > bytes.Length - 4) throw new ParquetException($"boolean runs of {size} bytes in a page of {bytes.Length}");
            var bits = new int[count];
            RleBitPackedHybrid.Decode(bytes.Slice(4, size), 1, 1, bits);
            return Array.ConvertAll(bits, bit => bit != 0);
        }
        if (encoding != Encoding.PLAIN) throw Unsupported(encoding, "BOOLEAN");
        Require(bytes.Length, (count + 7L) / 8, count);
        var values = new bool[count];
        for (int i = 0; i < count; i++) values[i] = (bytes[i >> 3] >> (i & 7) & 1) != 0;
        return values;
    }

    public static int[] Int32s(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length)
    {
        if (encoding != Encoding.DELTA_BINARY_PACKED) return Fixed<int>(encoding, data.Span, count, "INT32");
        DeltaBinaryPacked.Decode(data.Span, count, out long[] values);
        return Array.ConvertAll(values, value => unchecked((int)value));
    }

    public static long[] Int64s(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length)
    {
        if (encoding != Encoding.DELTA_BINARY_PACKED) return Fixed<long>(encoding, data.Span, count, "INT64");
        DeltaBinaryPacked.Decode(data.Span, count, out long[] values);
        return values;
    }

    public static Int96[] Int96s(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length)
    {
        if (encoding != Encoding.PLAIN) throw Unsupported(encoding, "INT96");
        ReadOnlySpan<byte> bytes = data.Span;
        Require(bytes.Length, 12L * count, count);
        var values = new Int96[count];
        for (int i = 0; i < count; i++)
            values[i] = new Int96(BinaryPrimitives.ReadInt64LittleEndian(bytes[(12 * i)..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[((12 * i) + 8)..]));
        return values;
    }

    public static float[] Floats(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length) => Fixed<float>(encoding, data.Span, count, "FLOAT");

    public static double[] Doubles(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length) => Fixed<double>(encoding, data.Span, count, "DOUBLE");

    public static ReadOnlyMemory<byte>[] ByteArrays(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length) => encoding switch
    {
        Encoding.PLAIN => PlainByteArrays(data, count),
        Encoding.DELTA_LENGTH_BYTE_ARRAY => DeltaByteArrays.DecodeLengths(data, count),
        Encoding.DELTA_BYTE_ARRAY => DeltaByteArrays.Decode(data, count),
        _ => throw Unsupported(encoding, "BYTE_ARRAY"),
    };

    public static ReadOnlyMemory<byte>[] FixedByteArrays(Encoding encoding, ReadOnlyMemory<byte> data, int count, int length)
    {
        if (encoding == Encoding.DELTA_BYTE_ARRAY)
        {
            ReadOnlyMemory<byte>[] decoded = DeltaByteArrays.Decode(data, count);
            return Array.TrueForAll(decoded, value => value.Length == length) ? decoded : throw new ParquetException($"a value is not {length} bytes long");
        }
        if (encoding is not (Encoding.PLAIN or Encoding.BYTE_STREAM_SPLIT)) throw Unsupported(encoding, "FIXED_LEN_BYTE_ARRAY");
        Require(data.Length, (long)length * count, count);
        if (encoding == Encoding.BYTE_STREAM_SPLIT) data = Join(data.Span, count, length);
        var values = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++) values[i] = data.Slice(i * length, length);
        return values;
    }

    private static ReadOnlyMemory<byte>[] PlainByteArrays(ReadOnlyMemory<byte> data, int count)
    {
        Require(data.Length, 4L * count, count);
        ReadOnlySpan<byte> bytes = data.Span;
        var values = new ReadOnlyMemory<byte>[count];
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            int length = bytes.Length - position >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(bytes[position..]) : -1;
            if (length < 0 || length > bytes.Length - position - 4) throw new ParquetException($"value {i} of {count} goes past the end of the page");
            values[i] = data.Slice(position + 4, length);
            position += 4 + length;
        }
        return values;
    }

    private static T[] Fixed<T>(Encoding encoding, ReadOnlySpan<byte> data, int count, string type)
        where T : unmanaged
    {
        if (encoding is not (Encoding.PLAIN or Encoding.BYTE_STREAM_SPLIT)) throw Unsupported(encoding, type);
        int size = Marshal.SizeOf<T>();
        Require(data.Length, (long)size * count, count);
        if (encoding == Encoding.BYTE_STREAM_SPLIT) data = Join(data, count, size);
        return MemoryMarshal.Cast<byte, T>(data[..(size * count)]).ToArray();
    }

    /// <summary>Undoes BYTE_STREAM_SPLIT: all first bytes, then all second bytes, …</summary>
    private static byte[] Join(ReadOnlySpan<byte> data, int count, int size)
    {
        if (data.Length != (long)count * size) throw new ParquetException($"{data.Length} bytes of split streams for {count} values of {size} bytes");
        var joined = new byte[count * size];
        for (int b = 0; b < size; b++)
        {
            ReadOnlySpan<byte> stream = data.Slice(b * count, count);
            for (int i = 0; i < count; i++) joined[(i * size) + b] = stream[i];
        }
        return joined;
    }

    private static void Require(int have, long need, int count)
    {
        if (have < need) throw new ParquetException($"{have} bytes are too few for {count} values, which need {need}");
    }

    private static ParquetException Unsupported(Encoding encoding, string type) => new($"{type} values cannot be stored as {encoding}");
}
