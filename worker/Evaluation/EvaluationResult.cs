namespace LightReasoner.Worker.Evaluation;

/// <param name="Correct">Of each question: whether the answer's number is the right one.</param>
/// <param name="TokensPerForward">Generated tokens per forward pass that their answer took part in; 1 token by token.</param>
internal sealed record EvaluationResult(bool[] Correct, string[] Answers, double TokensPerForward)
{
    /// <summary>Answers that maxNewTokens, or the model's context, cut before their end.</summary>
    public int AnswersCut { get; init; }

    /// <summary>Short hash of the evaluation that this is the result of; null where nobody asked.</summary>
    public string? Of { get; init; }

    public double Accuracy => Correct.Length == 0 ? 0 : (double)Correct.Count(c => c) / Correct.Length;

    /// <summary>The mean accuracy over test sets, as the papers' tables have it, with its interval (of one set: Wilson's).</summary>
    public static (double Value, ConfidenceInterval Interval) Mean(IReadOnlyList<EvaluationResult> sets) =>
        (sets.Average(set => set.Accuracy), ConfidenceInterval.OfMean([.. sets.Select(set =>
            (set.Accuracy, ConfidenceInterval.Wilson(set.Correct.Count(c => c), set.Correct.Length)))]));
}
