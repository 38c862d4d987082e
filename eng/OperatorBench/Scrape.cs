using System.Globalization;
using System.Text.RegularExpressions;

namespace LightReasoner.OperatorBench;

/// <summary>Samples of Prometheus' text format.</summary>
internal sealed partial class Scrape
{
    private readonly List<(string Name, string Labels, double Value)> samples = [];

    public static Scrape Parse(string text)
    {
        var scrape = new Scrape();
        foreach (Match m in Sample().Matches(text))
            scrape.samples.Add((m.Groups[1].Value, m.Groups[2].Value, double.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture)));
        return scrape;
    }

    /// <summary>What counters have gained since an earlier scrape.</summary>
    public Scrape Since(Scrape earlier)
    {
        Dictionary<(string, string), double> before = earlier.samples.ToDictionary(s => (s.Name, s.Labels), s => s.Value);
        var gain = new Scrape();
        gain.samples.AddRange(samples.Select(s => (s.Name, s.Labels, s.Value - before.GetValueOrDefault((s.Name, s.Labels)))));
        return gain;
    }

    public double Sum(string name, string labels = "") =>
        samples.Where(s => s.Name == name && s.Labels.Contains(labels, StringComparison.Ordinal)).Sum(s => s.Value);

    /// <summary>A quantile of a histogram, all labels together; linear within a bucket.</summary>
    public double Quantile(string name, double quantile)
    {
        var buckets = Buckets(name);
        double target = buckets.Values.Last() * quantile, below = 0, lower = 0;
        foreach (var (bound, count) in buckets)
        {
            if (count >= target) return double.IsInfinity(bound) ? lower
                : lower + (bound - lower) * (target - below) / Math.Max(1, count - below);
            (below, lower) = (count, bound);
        }
        return lower;
    }

    private SortedDictionary<double, double> Buckets(string name)
    {
        var buckets = new SortedDictionary<double, double>();
        foreach ((_, string labels, double value) in samples.Where(s => s.Name == name + "_bucket"))
        {
            var le = Bound().Match(labels).Groups[1].Value;
            var bound = le == "+Inf" ? double.PositiveInfinity : double.Parse(le, CultureInfo.InvariantCulture);
            buckets[bound] = buckets.GetValueOrDefault(bound) + value;
        }
        return buckets;
    }

    [GeneratedRegex(@"^([a-z_]+)(?:\{(.*)\})? (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex("le=\"([^\"]+)\"")]
    private static partial Regex Bound();
}
