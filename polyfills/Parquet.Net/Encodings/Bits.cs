using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Parquet.Encodings;

/// <summary>Values packed from the least significant bit on.</summary>
internal static class Bits
{
    /// <summary>The <paramref name="width"/> bits from bit <paramref name="position"/> on; bits past the end are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ReadOnlySpan<byte> data, long position, int width)
    {
        int first = (int)(position >> 3), shift = (int)(position & 7);
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        if (first + 9 > data.Length) return ReadAtEnd(data, first, shift, width) & mask;
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(data[first..]) >> shift;
        if (shift + width > 64) value |= (ulong)data[first + 8] << (64 - shift);
        return value & mask;
    }

    /// <summary>Bits that a value of at most <paramref name="max"/> takes.</summary>
    public static int Width(int max) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)max);

    private static ulong ReadAtEnd(ReadOnlySpan<byte> data, int first, int shift, int width)
    {
        ulong value = 0;
        for (int i = 0; i * 8 < shift + width && first + i < data.Length; i++)
        {
            int at = (i * 8) - shift;
            value |= at < 0 ? (ulong)data[first + i] >> -at : (ulong)data[first + i] << at;
        }
        return value;
    }
}
