using System.Numerics;

namespace Parquet.File;

/// <summary>Decimals as the format stores them: a whole number and the column's scale.</summary>
internal static class Decimals
{
    /// <exception cref="ParquetException">More digits than <see cref="decimal"/> has.</exception>
    public static decimal From(BigInteger unscaled, int scale)
    {
        BigInteger magnitude = BigInteger.Abs(unscaled);
        if (scale is < 0 or > 28)
        {
            BigInteger whole = BigInteger.DivRem(magnitude, BigInteger.Pow(10, Math.Max(0, scale - 28)), out BigInteger rest);
            if (!rest.IsZero || scale < 0) throw TooLong(unscaled, scale);
            (magnitude, scale) = (whole, 28);
        }
        if (magnitude.GetBitLength() > 96) throw TooLong(unscaled, scale);
        uint low = (uint)(magnitude & uint.MaxValue), middle = (uint)((magnitude >> 32) & uint.MaxValue), high = (uint)(magnitude >> 64);
        return new decimal(unchecked((int)low), unchecked((int)middle), unchecked((int)high), unscaled.Sign < 0, (byte)scale);
    }

    /// <exception cref="ArgumentException">The value has more fraction digits than <paramref name="scale"/>.</exception>
    public static BigInteger Unscaled(decimal value, int scale)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        BigInteger magnitude = ((BigInteger)(uint)parts[2] << 64) | ((BigInteger)(uint)parts[1] << 32) | (uint)parts[0];
        int own = (parts[3] >> 16) & 0xFF;
        if (own <= scale)
        {
            magnitude *= BigInteger.Pow(10, scale - own);
        }
        else
        {
            magnitude = BigInteger.DivRem(magnitude, BigInteger.Pow(10, own - scale), out BigInteger rest);
            if (!rest.IsZero) throw new ArgumentException($"{value} has more than {scale} fraction digits");
        }
        return parts[3] < 0 ? -magnitude : magnitude;
    }

    private static ParquetException TooLong(BigInteger unscaled, int scale) => new($"the decimal {unscaled}e-{scale} has more digits than System.Decimal; read the column as byte[]");
}
