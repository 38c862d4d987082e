namespace Parquet.Encodings;

/// <summary>DELTA_BINARY_PACKED: blocks of differences, each miniblock packed at its own width. Arithmetic wraps, as the format asks.</summary>
internal static class DeltaBinaryPacked
{
    private const int BlockSize = 128, Miniblocks = 4, MiniblockSize = BlockSize / Miniblocks;

    /// <summary>Reads a sequence that must have exactly <paramref name="count"/> values.</summary>
    /// <returns>Bytes read.</returns>
    public static int Decode(ReadOnlySpan<byte> data, int count, out long[] values)
    {
        int position = 0;
        ulong blockSize = Varint.Read(data, ref position);
        ulong miniblocks = Varint.Read(data, ref position);
        ulong total = Varint.Read(data, ref position);
        long value = Varint.ReadZigZag(data, ref position);
        if (total != (ulong)count) throw new ParquetException($"delta-encoded data holds {total} values, expected {count}");
        if (miniblocks == 0 || miniblocks > 1 << 16 || blockSize == 0 || blockSize > 1 << 30 || blockSize % miniblocks != 0 || blockSize / miniblocks % 8 != 0)
            throw new ParquetException($"delta-encoded data has blocks of {blockSize} values in {miniblocks} miniblocks");
        int miniblockSize = (int)(blockSize / miniblocks);

        values = new long[count];
        if (count == 0) return position;
        values[0] = value;
        int done = 1;
        while (done < count)
        {
            long minDelta = Varint.ReadZigZag(data, ref position);
            if (position + (int)miniblocks > data.Length) throw Short(done, count);
            ReadOnlySpan<byte> widths = data.Slice(position, (int)miniblocks);
            position += (int)miniblocks;
            for (int m = 0; m < widths.Length && done < count; m++)
            {
                int width = widths[m];
                if (width > 64) throw new ParquetException($"a bit width of {width} is more than 64");
                int take = Math.Min(miniblockSize, count - done);
                // The last miniblock may be cut down to the values that are there.
                ReadOnlySpan<byte> packed = data[position..(int)Math.Min(data.Length, position + ((long)miniblockSize * width / 8))];
                if ((((long)take * width) + 7) / 8 > packed.Length) throw Short(done, count);
                for (int i = 0; i < take; i++)
                {
                    value = unchecked(value + minDelta + (long)Bits.Read(packed, (long)i * width, width));
                    values[done++] = value;
                }
                position += packed.Length;
            }
        }
        return position;
    }

    public static void Encode(ReadOnlySpan<long> values, Stream output)
    {
        Varint.Write(BlockSize, output);
        Varint.Write(Miniblocks, output);
        Varint.Write((ulong)values.Length, output);
        Varint.WriteZigZag(values.Length > 0 ? values[0] : 0, output);
        Span<long> deltas = stackalloc long[BlockSize];
        for (int start = 1; start < values.Length; start += BlockSize)
        {
            int count = Math.Min(BlockSize, values.Length - start);
            long min = long.MaxValue;
            for (int i = 0; i < count; i++)
            {
                deltas[i] = unchecked(values[start + i] - values[start + i - 1]);
                min = Math.Min(min, deltas[i]);
            }
            Varint.WriteZigZag(min, output);
            for (int i = 0; i < count; i++) deltas[i] = unchecked(deltas[i] - min);
            deltas[count..].Clear();
            WriteMiniblocks(deltas, count, output);
        }
    }

    private static void WriteMiniblocks(ReadOnlySpan<long> deltas, int count, Stream output)
    {
        Span<int> widths = stackalloc int[Miniblocks];
        for (int m = 0; m < Miniblocks; m++)
        {
            ulong all = 0;
            foreach (long delta in deltas.Slice(m * MiniblockSize, MiniblockSize)) all |= (ulong)delta;
            widths[m] = 64 - System.Numerics.BitOperations.LeadingZeroCount(all);
            output.WriteByte((byte)widths[m]);
        }
        for (int m = 0; m < Miniblocks && m * MiniblockSize < count; m++)
        {
            UInt128 buffer = 0;
            int filled = 0;
            foreach (long delta in deltas.Slice(m * MiniblockSize, MiniblockSize))
            {
                buffer |= (UInt128)(ulong)delta << filled;
                for (filled += widths[m]; filled >= 8; filled -= 8, buffer >>= 8) output.WriteByte((byte)buffer);
            }
        }
    }

    private static ParquetException Short(int done, int count) => new($"delta-encoded data ends after {done} of {count} values");
}
