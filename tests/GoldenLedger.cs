using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using LightReasoner;

[assembly: AssemblyFixture(typeof(GoldenLedger))]

namespace LightReasoner;

/// <summary>
/// The list of golden cases that this run of the tests has compared, with counts and the largest difference seen. Tests add their lines;
/// at the end the list is written to golden-cases.md beside the test program, which `make goldens` prints.
/// </summary>
public sealed class GoldenLedger : IDisposable
{
    private static readonly ConcurrentDictionary<(string Golden, string Compared), Line> Lines = new();

    /// <summary>Adds cases that agreed. Called after the assertions, so that nothing is listed that did not hold.</summary>
    /// <param name="golden">The file of goldens, relative to ../shared.</param>
    /// <param name="compared">What was compared, and how.</param>
    /// <param name="cases">Cases compared: sequences, steps, tensors, rows.</param>
    /// <param name="worst">The largest difference, where numbers were compared.</param>
    /// <param name="bound">What it may be at most.</param>
    public static void Add(string golden, string compared, int cases, double? worst = null, double? bound = null) =>
        Lines.AddOrUpdate((golden, compared), new Line(cases, worst, bound), (_, line) =>
            new Line(line.Cases + cases, worst is null ? line.Worst : Math.Max(worst.Value, line.Worst ?? 0), bound));

    /// <summary>Asserts that a difference stays below its bound, and lists it.</summary>
    public static void AddWithin(string golden, string compared, int cases, double worst, double bound)
    {
        Assert.True(worst <= bound, $"{golden}: {compared}: differs by {worst:0.00e+0}, allowed are {bound:0e+0}");
        Add(golden, compared, cases, worst, bound);
    }

    /// <summary>Writes the list.</summary>
    public void Dispose()
    {
        if (Lines.IsEmpty)
            return;
        var text = new StringBuilder("| golden | compared | cases | largest difference | allowed |\n| --- | --- | ---: | ---: | ---: |\n");
        foreach (var ((golden, compared), line) in Lines.OrderBy(l => l.Key.Golden, StringComparer.Ordinal)
            .ThenBy(l => l.Key.Compared, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture,
                $"| {golden} | {compared} | {line.Cases} | "
                + $"{(line.Worst is { } worst ? worst.ToString("0.0e-0", CultureInfo.InvariantCulture) : "equal")} | "
                + $"{(line.Bound is { } bound ? bound.ToString("0e-0", CultureInfo.InvariantCulture) : "none")} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{Lines.Values.Sum(l => l.Cases)} golden cases in {Lines.Count} lines.\n");
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "golden-cases.md"), text.ToString());
    }

    private sealed record Line(int Cases, double? Worst, double? Bound);
}
