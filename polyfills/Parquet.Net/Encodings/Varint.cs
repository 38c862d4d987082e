namespace Parquet.Encodings;

/// <summary>Unsigned LEB128 numbers.</summary>
internal static class Varint
{
    public static ulong Read(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (position >= data.Length) throw new ParquetException("the data ends in the middle of a number");
            byte b = data[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new ParquetException("a number has more than 64 bits");
    }

    public static long ReadZigZag(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = Read(data, ref position);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public static void Write(ulong value, Stream output)
    {
        for (; value >= 0x80; value >>= 7) output.WriteByte((byte)(value | 0x80));
        output.WriteByte((byte)value);
    }

    public static void WriteZigZag(long value, Stream output) => Write((ulong)((value << 1) ^ (value >> 63)), output);
}
