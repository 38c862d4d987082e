using System.Numerics;

namespace Parquet.Encodings;

/// <summary>The physical type INT96: nanoseconds of the day, then the Julian day.</summary>
internal readonly record struct Int96(long Nanos, int Day)
{
    /// <summary>Julian day of 1970-01-01.</summary>
    public const int JulianEpoch = 2440588;

    public BigInteger ToBigInteger() => (new BigInteger(Day) << 64) | new BigInteger(unchecked((ulong)Nanos));

    public DateTime ToDateTime() => DateTime.UnixEpoch.AddDays(Day - (long)JulianEpoch).AddTicks(Nanos / 100);

    public static Int96 From(DateTime value)
    {
        long ticks = value.Ticks - DateTime.UnixEpoch.Ticks;
        long day = Math.DivRem(ticks, TimeSpan.TicksPerDay, out long rest);
        if (rest < 0) (day, rest) = (day - 1, rest + TimeSpan.TicksPerDay);
        return new Int96(rest * 100, (int)day + JulianEpoch);
    }
}
