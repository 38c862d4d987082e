using Parquet.File;

namespace Parquet.Encodings;

/// <summary>DELTA_LENGTH_BYTE_ARRAY (lengths, then bytes) and DELTA_BYTE_ARRAY (shared prefix lengths, then the suffixes in the former encoding).</summary>
internal static class DeltaByteArrays
{
    public static ReadOnlyMemory<byte>[] DecodeLengths(ReadOnlyMemory<byte> data, int count)
    {
        int position = DeltaBinaryPacked.Decode(data.Span, count, out long[] lengths);
        var values = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            if (lengths[i] < 0 || lengths[i] > data.Length - position) throw new ParquetException($"value {i} of {count} goes past the end of the page");
            values[i] = data.Slice(position, (int)lengths[i]);
            position += (int)lengths[i];
        }
        return values;
    }

    public static ReadOnlyMemory<byte>[] Decode(ReadOnlyMemory<byte> data, int count)
    {
        int position = DeltaBinaryPacked.Decode(data.Span, count, out long[] prefixes);
        ReadOnlyMemory<byte>[] values = DecodeLengths(data[position..], count);
        // Prefixes let a small page stand for far more bytes than it has.
        long total = 0;
        ReadOnlyMemory<byte> previous = default;
        for (int i = 0; i < count; i++)
        {
            if (prefixes[i] < 0 || prefixes[i] > previous.Length)
                throw new ParquetException($"value {i} of {count} shares {prefixes[i]} bytes with one of {previous.Length} bytes");
            if (prefixes[i] > 0)
            {
                total += prefixes[i] + values[i].Length;
                Limits.CheckPage(total);
                var whole = new byte[prefixes[i] + values[i].Length];
                previous[..(int)prefixes[i]].CopyTo(whole);
                values[i].CopyTo(whole.AsMemory((int)prefixes[i]));
                values[i] = whole;
            }
            previous = values[i];
        }
        return values;
    }
}
