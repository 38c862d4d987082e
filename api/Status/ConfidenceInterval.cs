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

    /// <summary>The mean of independent values, by the squares of their intervals' halves (Newcombe's square-and-add).</summary>
    /// <param name="parts">The values, at least one, with their intervals.</param>
    public static ConfidenceInterval OfMean(IReadOnlyList<(double Value, ConfidenceInterval Interval)> parts)
    {
        var mean = parts.Average(part => part.Value);
        return new ConfidenceInterval(
            mean - Math.Sqrt(parts.Sum(part => Math.Pow(part.Value - part.Interval.Low, 2))) / parts.Count,
            mean + Math.Sqrt(parts.Sum(part => Math.Pow(part.Interval.High - part.Value, 2))) / parts.Count);
    }

    /// <summary>
    /// The difference after − before of two shares measured on the same questions: Newcombe's square-and-add interval for paired data
    /// (method 10 in Statistics in Medicine 17:2635, 1998),
    /// which has a width where nothing changed, too.
    /// </summary>
    /// <param name="before">Questions right before.</param>
    /// <param name="improved">Wrong before, right after.</param>
    /// <param name="worsened">Right before, wrong after.</param>
    /// <param name="questions">All questions.</param>
    public static ConfidenceInterval PairedDifference(int before, int improved, int worsened, int questions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(questions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(worsened, before);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(improved, questions - before);
        var after = before + improved - worsened;
        double both = before - worsened, neither = questions - before - improved;
        // The correlation of the two answers, with a correction for continuity where it is positive.
        var covariance = both * neither - (double)improved * worsened;
        if (covariance > 0) covariance = Math.Max(covariance - questions / 2.0, 0);
        var margins = (double)before * (questions - before) * after * (questions - after);
        var phi = margins == 0 ? 0 : covariance / Math.Sqrt(margins);
        var (one, other) = (Wilson(before, questions), Wilson(after, questions));
        double first = (double)before / questions, second = (double)after / questions;
        double Width(double a, double b) => Math.Sqrt(Math.Max(0, a * a - 2 * phi * a * b + b * b));
        return new ConfidenceInterval(
            Math.Max(-1, second - first - Width(second - other.Low, one.High - first)),
            Math.Min(1, second - first + Width(other.High - second, first - one.Low)));
    }
}
