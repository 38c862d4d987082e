namespace LightReasoner.Bench;

/// <summary>Something that both programs do, in this process, on the same libtorch and threads.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Target">The least ratio of times (reference / worker) that is aimed at.</param>
/// <param name="Reference">What the published program does; returns its result.</param>
/// <param name="Worker">What the worker does; returns its result.</param>
/// <param name="Difference">What is different between the two results; null if nothing is.</param>
internal sealed record BenchCase(string Name, double Target, Func<object> Reference, Func<object> Worker,
    Func<object, object, string?> Difference)
{
    /// <summary>
    /// The worker's work is so many times the reference's: the reference takes one question after the other, and does a part of them.
    /// </summary>
    public double Share { get; init; } = 1;

    /// <summary>Whether two ids are the same in every row.</summary>
    public static string? Ids(object reference, object worker) =>
        ((int[][])reference).Zip((int[][])worker).Select((rows, row) => rows.First.SequenceEqual(rows.Second) ? null : $"row {row} differs")
            .FirstOrDefault(d => d is not null);
}
