namespace LightReasoner.Quickstart;

/// <summary>95 % intervals of shares and of their paired difference.</summary>
internal static class Intervals
{
    private const double Z = 1.959964;

    /// <summary>Wilson's score interval of a share.</summary>
    public static (double Low, double High) Wilson(double share, int n)
    {
        double centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n);
        double half = Z / (1 + Z * Z / n) * Math.Sqrt(share * (1 - share) / n + Z * Z / (4.0 * n * n));
        return (centre - half, centre + half);
    }

    /// <summary>Normal interval of the difference of two shares measured on the same questions.</summary>
    /// <param name="improved">Wrong before, right after.</param>
    /// <param name="worsened">Right before, wrong after.</param>
    /// <param name="n">Questions.</param>
    public static (double Low, double High) PairedDifference(int improved, int worsened, int n)
    {
        double difference = (improved - worsened) / (double)n;
        double half = Z * Math.Sqrt(Math.Max(0, improved + worsened - (improved - worsened) * difference)) / n;
        return (difference - half, difference + half);
    }
}
