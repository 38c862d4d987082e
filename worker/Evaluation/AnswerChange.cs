namespace LightReasoner.Worker.Evaluation;

/// <summary>A question whose answer became right by training, or ceased to be.</summary>
internal sealed record AnswerChange(string Question, string Expected, string Before, string After, bool Improved)
{
    public const string BlobName = "evaluation-changes.json";
}

/// <summary>What generation of several tokens at once achieves with some setting.</summary>
/// <param name="Setting">The setting, for people: tokens of a block, and how it is generated (<c>8, 3 passes</c>).</param>
internal sealed record PassAccuracy(string Setting, int Questions, int Correct, double TokensPerForward)
{
    public const string BlobName = "evaluation-passes.json";

    /// <summary>
    /// Accuracy under parallelism (d3LLM, arXiv 2601.07568): the area under accuracy, in percent, over tokens per forward pass, where
    /// accuracy that is lost against the best counts less, and points more than 5 points below the slowest do not count.
    /// </summary>
    public static double Aup(IEnumerable<PassAccuracy> measured)
    {
        const double Penalty = 3, LargestLoss = 5;
        (double Speed, double Accuracy)[] all = [.. measured.Select(m => (m.TokensPerForward, 100.0 * m.Correct / Math.Max(1, m.Questions)))
            .OrderBy(m => m.TokensPerForward)];
        if (all.Length == 0) return 0;
        (double Speed, double Accuracy)[] points = [.. all.Where(point => point.Accuracy >= all[0].Accuracy - LargestLoss)];
        var best = points.Max(point => point.Accuracy);
        if (best == 0) return 0;
        double Weighted(double accuracy) => accuracy * Math.Exp(-Penalty * (1 - accuracy / best));
        return points[0].Speed * points[0].Accuracy + points.Zip(points.Skip(1)).Sum(pair =>
            (pair.Second.Speed - pair.First.Speed) * (Weighted(pair.First.Accuracy) + Weighted(pair.Second.Accuracy)) / 2);
    }
}
