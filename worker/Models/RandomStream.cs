namespace LightReasoner.Worker.Models;

/// <summary>
/// A stream of random numbers that depends on nothing but its keys: xoshiro256** seeded through SplitMix64. What is drawn for a row, an
/// epoch or a step is therefore the same in whatever batch, order or attempt it is drawn.
/// </summary>
internal struct RandomStream
{
    private ulong _a, _b, _c, _d;

    /// <summary>The stream of a seed and of what it is for, such as a prompt's index.</summary>
    public RandomStream(long seed, params ReadOnlySpan<long> keys)
    {
        var state = (ulong)seed;
        foreach (var key in keys)
            state = SplitMix(ref state) ^ (ulong)key * 0xD1342543DE82EF95;
        (_a, _b, _c, _d) = (SplitMix(ref state), SplitMix(ref state), SplitMix(ref state), SplitMix(ref state));
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, 1), 24 bits: exact as float32.</summary>
    public float NextSingle() => (Next() >> 40) * (1.0f / (1U << 24));

    /// <summary>Uniform in 0..bound-1.</summary>
    public int NextInt(int bound) => (int)(((UInt128)Next() * (ulong)bound) >> 64);

    /// <summary>A random order of 0..count-1 (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = NextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private ulong Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
