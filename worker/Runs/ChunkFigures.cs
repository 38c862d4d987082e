using LightReasoner.Worker.Data;
using LightReasoner.Worker.Sampling;

namespace LightReasoner.Worker.Runs;

/// <summary>The figures of one chunk, kept beside its samples: a resumed run counts on, and the report needs no samples.</summary>
/// <param name="StepsSeen">Steps whose distributions were compared.</param>
/// <param name="KlSum">Sum of KL over the kept steps, in nats.</param>
/// <param name="AnswersCut">Answers that a limit cut before their end.</param>
/// <param name="PromptsTooLong">Questions left out because their prompt does not fit into the models' context.</param>
internal sealed record ChunkFigures(int Questions, long StepsSeen, long SamplesKept, long TokensGenerated, double KlSum,
    long AnswersCut = 0, long PromptsTooLong = 0)
{
    /// <summary>Kept steps by KL: bin i holds those from i · <see cref="PairFigures.KlBin"/> on.</summary>
    public SortedDictionary<int, long> KlCounts { get; init; } = [];

    /// <summary>Kept steps by their index among the generated tokens.</summary>
    public SortedDictionary<int, long> StepCounts { get; init; } = [];
    public SortedDictionary<int, long> SetSizeCounts { get; init; } = [];

    /// <summary>How the models compare at all steps; null in the figures of an older worker.</summary>
    public PairFigures? Pair { get; init; }
    public VocabularyFigures? Vocabulary { get; init; }
    public IReadOnlyList<ChunkPoint> Course { get; init; } = [];
    public IReadOnlyList<StepExample> Examples { get; init; } = [];

    /// <summary>The figures of a chunk that was just sampled.</summary>
    internal static ChunkFigures Of(ChunkResult result, IReadOnlyList<StepExample> examples, VocabularyFigures? vocabulary = null) =>
        new(result.Answers.Count, result.StepsSeen, result.Samples.Count, result.Answers.Sum(answer => (long)answer.Ids.Length),
            result.KlSum, result.Answers.Count(answer => answer.Cut), result.Answers.Count(answer => answer.Ids.Length == 0))
        {
            KlCounts = PairFigures.Count(result.Samples, sample => PairFigures.BinOfKl(sample.KlDivergence)),
            StepCounts = PairFigures.Count(result.Samples, sample => sample.Step),
            SetSizeCounts = PairFigures.Count(result.Samples, sample => sample.TokenIds.Length),
            Examples = examples,
            Pair = result.Pair,
            Vocabulary = vocabulary,
            Course = result.Course,
        };

    /// <summary>The figures of both, as far as they are logged.</summary>
    internal ChunkFigures Plus(ChunkPoint point) => this + new ChunkFigures(
        point.Questions, point.StepsSeen, point.SamplesKept, 0, point.KlSum, point.AnswersCut, point.PromptsTooLong);

    public static ChunkFigures operator +(ChunkFigures a, ChunkFigures b) =>
        new(a.Questions + b.Questions, a.StepsSeen + b.StepsSeen, a.SamplesKept + b.SamplesKept,
            a.TokensGenerated + b.TokensGenerated, a.KlSum + b.KlSum, a.AnswersCut + b.AnswersCut, a.PromptsTooLong + b.PromptsTooLong)
        {
            KlCounts = PairFigures.Sum(a.KlCounts, b.KlCounts),
            StepCounts = PairFigures.Sum(a.StepCounts, b.StepCounts),
            SetSizeCounts = PairFigures.Sum(a.SetSizeCounts, b.SetSizeCounts),
            Examples = [.. a.Examples, .. b.Examples],
            Pair = a.Pair is null ? b.Pair : b.Pair is null ? a.Pair : a.Pair + b.Pair,
            Vocabulary = a.Vocabulary ?? b.Vocabulary,
        };
}
