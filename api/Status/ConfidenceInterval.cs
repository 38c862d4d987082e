namespace LightReasoner.Api;

/// <summary>Intervals that hold the true value with 95 % confidence.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    private const double Z = 1.959963984540054; // 97.5 % point of the normal distribution

    /// <summary>Wilson's interval of a share, from 0 to 1.</summary>
    public static ConfidenceInterval Wilson(int successes, int trials)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        var share = (double)successes / trials;
        var centre = share + Z * Z / (2 * trials);
        var half = Z * Math.Sqrt(share * (1 - share) / trials + Z * Z / (4.0 * trials * trials));
        var scale = 1 + Z * Z / trials;
        return new ConfidenceInterval(Math.Max(0, (centre - half) / scale), Math.Min(1, (centre + half) / scale));
    }

    /// <summary>The difference after − before of two shares measured on the same questions, from the questions that changed (normal approximation).</summary>
    /// <param name="improved">Wrong before, right after.</param>
    /// <param name="worsened">Right before, wrong after.</param>
    /// <param name="questions">All questions.</param>
    public static ConfidenceInterval PairedDifference(int improved, int worsened, int questions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(questions, 1);
        var difference = (double)(improved - worsened) / questions;
        var half = Z * Math.Sqrt(Math.Max(0, improved + worsened - (double)(improved - worsened) * (improved - worsened) / questions)) / questions;
        return new ConfidenceInterval(Math.Max(-1, difference - half), Math.Min(1, difference + half));
    }
}
