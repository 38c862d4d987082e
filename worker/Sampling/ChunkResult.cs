using System.Collections;
using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Sampling;

/// <summary>What sampling a chunk of questions gave.</summary>
/// <param name="Samples">The kept steps, in the order of the questions and then of the steps. A sample is made when it is asked
/// for.</param>
/// <param name="StepsSeen">Steps whose distributions were compared.</param>
/// <param name="KlSum">Sum of KL over the kept steps, in nats.</param>
internal sealed record ChunkResult(
    IReadOnlyList<ChunkAnswer> Answers, IReadOnlyList<ContrastiveSample> Samples, long StepsSeen, double KlSum)
{
    /// <summary>How the two models compare at all steps.</summary>
    public required PairFigures Pair { get; init; }

    /// <summary>How the figures grew from question to question, in some points; the last one is the whole chunk.</summary>
    public IReadOnlyList<ChunkPoint> Course { get; init; } = [];

    /// <summary>Some kept steps in full, for a report.</summary>
    public required Func<int, IReadOnlyList<StepExample>> Examples { get; init; }
}

/// <summary>The figures of the first so many questions of a chunk; questions too long for the models are left out.</summary>
internal sealed record ChunkPoint(int Questions, long StepsSeen, long SamplesKept, double KlSum, long AnswersCut, long PromptsTooLong);

/// <summary>The expert's answer to a question.</summary>
/// <param name="Ids">Its token ids; none where prompt and answer leave no room in a model's context.</param>
/// <param name="Cut">Whether a limit came before an end-of-sequence token.</param>
internal sealed record ChunkAnswer(int[] Ids, bool Cut)
{
    public int[] PromptIds { get; init; } = [];

    /// <summary>No answer, since the prompt is too long.</summary>
    public static ChunkAnswer TooLong { get; } = new([], false);
}

/// <summary>A kept step for people: what stood before it, and how likely each plausible token is to both models.</summary>
/// <param name="Prefix">The answer before the step.</param>
/// <param name="Tokens">The plausible tokens, likeliest to the expert first.</param>
internal sealed record StepExample(string Question, string Prefix, int Step, double Kl, IReadOnlyList<StepExample.Token> Tokens)
{
    /// <summary>A plausible token, its probabilities to both models, and its weight in the label.</summary>
    public sealed record Token(string Text, double Expert, double Amateur, double Weight);

    /// <summary>Indices of some elements, evenly apart.</summary>
    internal static IEnumerable<int> Spread(int all, int most) =>
        Enumerable.Range(0, Math.Min(most, all)).Select(i => (int)((2L * i + 1) * all / (2 * Math.Min(most, all))));

    internal static StepExample Of(ContrastiveSample sample, SoftLabel label) =>
        new(sample.Question ?? sample.PromptId, sample.Prefix, sample.Step, Round(label.Kl),
            [.. sample.Tokens.Select((text, i) => new Token(text, Round(label.Expert[i]), Round(label.Amateur[i]), Round(label.Weights[i])))
                .OrderByDescending(token => token.Expert)]);

    // What a reader can see, and no more digits than the arithmetic gives on every run.
    private static double Round(double value) => Math.Round(value, 6);
}

/// <summary>A list whose elements are made when they are asked for.</summary>
internal sealed class LazyList<T>(int count, Func<int, T> make) : IReadOnlyList<T>
{
    public int Count => count;

    public T this[int index] => make(index);

    public IEnumerator<T> GetEnumerator() => Enumerable.Range(0, count).Select(make).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
