using System.Buffers.Binary;

namespace Parquet.Encodings;

/// <summary>Runs of equal values and bit-packed groups of eight: levels, dictionary indices, booleans.</summary>
internal static class RleBitPackedHybrid
{
    /// <summary>Fills <paramref name="values"/>. Values that do not fit <paramref name="max"/> are an error.</summary>
    /// <returns>Bytes read.</returns>
    public static int Decode(ReadOnlySpan<byte> data, int width, int max, Span<int> values)
    {
        if (width is < 0 or > 32) throw new ParquetException($"a bit width of {width} is more than 32");
        int position = 0, done = 0, valueBytes = (width + 7) / 8;
        while (done < values.Length)
        {
            uint header = Header(data, ref position);
            if ((header & 1) == 0)
            {
                int count = (int)Math.Min(header >> 1, (uint)(values.Length - done));
                if (position + valueBytes > data.Length) throw Short(done, values.Length);
                uint value = 0;
                for (int i = 0; i < valueBytes; i++) value |= (uint)data[position++] << (8 * i);
                if (value > (uint)max) throw Range(value, max);
                values.Slice(done, count).Fill((int)value);
                done += count;
            }
            else
            {
                long bytes = (header >> 1) * (long)width;
                int count = (int)Math.Min((header >> 1) * 8L, values.Length - done);
                // Writers may cut the last group down to the values that are there.
                ReadOnlySpan<byte> packed = data[position..(int)Math.Min(data.Length, position + bytes)];
                if (((long)count * width) + 7 >> 3 > packed.Length) throw Short(done, values.Length);
                for (int i = 0; i < count; i++)
                {
                    ulong value = Bits.Read(packed, (long)i * width, width);
                    if (value > (uint)max) throw Range(value, max);
                    values[done + i] = (int)value;
                }
                position += packed.Length;
                done += count;
            }
        }
        return position;
    }

    /// <summary>The deprecated BIT_PACKED levels: from the most significant bit on, without runs.</summary>
    public static int DecodeBitPacked(ReadOnlySpan<byte> data, int width, int max, Span<int> values)
    {
        long bytes = (((long)values.Length * width) + 7) / 8;
        if (bytes > data.Length) throw Short(0, values.Length);
        long bit = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int value = 0;
            for (int b = 0; b < width; b++, bit++) value = (value << 1) | ((data[(int)(bit >> 3)] >> (7 - (int)(bit & 7))) & 1);
            values[i] = value <= max ? value : throw Range((ulong)value, max);
        }
        return (int)bytes;
    }

    /// <summary>Runs of eight or more equal values become runs, all else bit-packed groups.</summary>
    public static void Encode(ReadOnlySpan<int> values, int width, Stream output)
    {
        int start = 0, i = 0;
        while (i < values.Length)
        {
            int run = 1;
            while (i + run < values.Length && values[i + run] == values[i]) run++;
            // A packed part before a run must be whole groups of eight.
            int lead = (8 - ((i - start) & 7)) & 7;
            if (run - lead >= 8)
            {
                Pack(values[start..(i + lead)], width, output);
                WriteRun(values[i], run - lead, width, output);
                i += run;
                start = i;
            }
            else
            {
                i += run;
            }
        }
        Pack(values[start..], width, output);
    }

    private static void WriteRun(int value, int count, int width, Stream output)
    {
        WriteVarint((uint)count << 1, output);
        for (int i = 0; i < (width + 7) / 8; i++) output.WriteByte((byte)(value >> (8 * i)));
    }

    private static void Pack(ReadOnlySpan<int> values, int width, Stream output)
    {
        if (values.Length == 0) return;
        int groups = (values.Length + 7) / 8;
        WriteVarint(((uint)groups << 1) | 1, output);
        ulong buffer = 0;
        int filled = 0;
        for (int i = 0; i < groups * 8; i++)
        {
            buffer |= (ulong)(i < values.Length ? (uint)values[i] : 0) << filled;
            for (filled += width; filled >= 8; filled -= 8, buffer >>= 8) output.WriteByte((byte)buffer);
        }
    }

    private static void WriteVarint(uint value, Stream output)
    {
        for (; value >= 0x80; value >>= 7) output.WriteByte((byte)(value | 0x80));
        output.WriteByte((byte)value);
    }

    private static uint Header(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = Varint.Read(data, ref position);
        return value <= uint.MaxValue ? (uint)value : throw new ParquetException($"a run of {value >> 1} values");
    }

    private static ParquetException Short(int done, int wanted) => new($"the data ends after {done} of {wanted} levels or indices");

    private static ParquetException Range(ulong value, int max) => new($"a level or dictionary index is {value}, the greatest possible is {max}");
}
