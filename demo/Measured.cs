using LightReasoner.Api;
using LightReasoner.Worker.Evaluation;

namespace LightReasoner.Demo;

/// <summary>How a model answered the test questions.</summary>
/// <param name="Correct">Of each question: whether the answer is right.</param>
/// <param name="TokensPerForward">Tokens of the answers per forward pass.</param>
internal sealed record Measured(bool[] Correct, double TokensPerForward)
{
    public static Measured Of(EvaluationResult result) => new(result.Correct, result.TokensPerForward);

    /// <summary>Share of right answers, from 0 to 1.</summary>
    public double Accuracy() => Correct.Average(correct => correct ? 1.0 : 0);

    /// <summary>Its 95 % interval.</summary>
    public ConfidenceInterval Interval() => ConfidenceInterval.Wilson(Correct.Count(correct => correct), Correct.Length);

    /// <summary>The 95 % interval of this accuracy minus another one, on the same questions.</summary>
    public ConfidenceInterval Above(Measured other)
    {
        (bool Other, bool This)[] pairs = [.. other.Correct.Zip(Correct)];
        return ConfidenceInterval.PairedDifference(pairs.Count(p => p.Other), pairs.Count(p => !p.Other && p.This),
            pairs.Count(p => p.Other && !p.This), pairs.Length);
    }
}
