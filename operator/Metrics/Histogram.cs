using System.Globalization;

namespace LightReasoner.Operator.Metrics;

/// <summary>Durations in seconds, by fixed bounds.</summary>
internal sealed class Histogram
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock gate = new();
    private readonly long[] counts = new long[Bounds.Length + 1];
    private double sum;

    public void Record(double value)
    {
        int i = Array.FindIndex(Bounds, bound => value <= bound);
        lock (gate)
        {
            counts[i < 0 ? Bounds.Length : i]++;
            sum += value;
        }
    }

    public void Write(PrometheusText text, string name, (string, string) label)
    {
        long[] snapshot;
        double total;
        lock (gate)
        {
            snapshot = [.. counts];
            total = sum;
        }
        long below = 0;
        for (int i = 0; i < snapshot.Length; i++)
        {
            below += snapshot[i];
            string bound = i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Sample(name + "_bucket", below, label, ("le", bound));
        }
        text.Sample(name + "_sum", total, label);
        text.Sample(name + "_count", below, label);
    }
}
