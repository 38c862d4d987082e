namespace LightReasoner.Worker.Evaluation;

/// <summary>Finds the answers in responses and says whether they are right.</summary>
/// <param name="benchmark">The benchmark that the questions come from; null for questions of one's own.</param>
internal sealed class AnswerGrader(GraderType type, Benchmark? benchmark = null, PromptType prompt = PromptType.Qwen25MathCot)
{
    public static AnswerGrader Of(EvaluationSpec spec) =>
        new(spec.Grader ?? (spec.Benchmark is null ? GraderType.Gsm8k : GraderType.Math),
            spec.Benchmark is { } name ? new Benchmark(name) : null, spec.PromptType);

    /// <summary>The answer in a response, and whether it is right.</summary>
    /// <param name="reference">A benchmark's truth, or the field that holds the right answer.</param>
    public (string Answer, bool IsCorrect) Grade(string response, string reference)
    {
        if (benchmark is not null)
        {
            var answer = benchmark.Extract(response, reference, prompt);
            return (answer, AnswerExtraction.Cut(response, prompt).Length > 0 && AreEqual(answer, benchmark.AtScoring(reference)));
        }
        var given = type switch
        {
            GraderType.Gsm8k => Gsm8kAnswer.Extract(response) ?? "",
            GraderType.Exact => response.Trim(),
            _ => AnswerExtraction.Extract(AnswerExtraction.Cut(response, PromptType.Qwen25MathCot)),
        };
        return (given, given.Length > 0 && AreEqual(given, Truth(reference)));
    }

    public bool AreEqual(string answer, string truth) => type switch
    {
        GraderType.Gsm8k => Gsm8kAnswer.AreEqual(Gsm8kAnswer.Extract(answer), Gsm8kAnswer.Extract(truth)),
        GraderType.Exact => answer.Trim() == truth.Trim(),
        GraderType.Published => MathEquality.Published(answer, truth),
        _ => MathEquality.Corrected(answer, truth),
    };

    /// <summary>Looks whether the references are such as this grader compares, which costs nothing, before a model answers.</summary>
    /// <exception cref="WorkerException">Some are not: how many, one of them, and what to do.</exception>
    public void Check(IEnumerable<(string Place, string Reference)> references)
    {
        (string Place, string Reference)[] all = [.. references], misfits = [.. all.Where(one => !Fits(one.Reference))];
        if (all.Length == 0) throw new WorkerException(ExitCode.BadData, "there is no question to grade");
        if (misfits is not [var (place, reference), ..]) return;
        var shown = reference.Length > 120 ? "…" + reference[^120..] : reference;
        throw new WorkerException(ExitCode.BadData, $"{misfits.Length} of {all.Length} references do not fit {Needs()}; the first is "
            + $"{place}: '{shown.ReplaceLineEndings(" ")}'");
    }

    private string Needs() => type switch
    {
        GraderType.Gsm8k when benchmark is null =>
            "grader gsm8k, which compares one number (after '####', or the only one of the text): take grader math, or another answerField",
        GraderType.Exact when benchmark is null => "grader exact, which needs a text: take another answerField",
        _ => $"grader {(type == GraderType.Published ? "published" : "math")}, which needs an answer in \\boxed{{}}, after '####' or "
            + "alone: take another answerField",
    };

    private bool Fits(string reference) => type switch
    {
        _ when benchmark is not null => reference.Length > 0,
        GraderType.Gsm8k => Gsm8kAnswer.IsNumber(reference),
        GraderType.Exact => reference.Trim().Length > 0,
        _ => Truth(reference) is { Length: > 0 } truth
            && (reference.Contains("boxed", StringComparison.Ordinal) || reference.Contains("####", StringComparison.Ordinal)
                || (truth.Length <= 200 && !reference.Trim().Contains('\n', StringComparison.Ordinal))),
    };

    /// <summary>The answer in a reference of one's own: boxed, behind <c>####</c>, or all of it.</summary>
    private string Truth(string reference) => type is GraderType.Gsm8k or GraderType.Exact ? reference
        : reference.Contains("boxed", StringComparison.Ordinal) ? AnswerExtraction.Extract(reference)
        : AnswerText.Normalize(reference.IndexOf("####", StringComparison.Ordinal) is >= 0 and var mark ? reference[(mark + 4)..]
            : reference);
}
