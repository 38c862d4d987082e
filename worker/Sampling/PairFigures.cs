namespace LightReasoner.Worker.Sampling;

/// <summary>How expert and amateur compare over many steps: whether the pair is worth a run.</summary>
/// <param name="SameTop">Steps at which both find the same token most likely.</param>
/// <param name="ConfidentUnsure">Steps at which the expert is confident (entropy below 1 nat) and the amateur unsure (above 3).</param>
/// <param name="Scored">Steps whose token both know.</param>
/// <param name="ExpertLog">Sum of the expert's log probabilities of these tokens.</param>
/// <param name="AmateurLog">Sum of the amateur's.</param>
internal sealed record PairFigures(long Steps, long SameTop, long ConfidentUnsure, long Scored, double ExpertLog, double AmateurLog)
{
    /// <summary>Width of a bin of <see cref="Entropies"/>, in nats, and of <see cref="KlCounts"/>.</summary>
    public const double EntropyBin = 0.5, KlBin = 0.1;

    /// <summary>Bins of entropies; the last holds all that is beyond.</summary>
    public const int EntropyBins = 16;

    private const double Confident = 1, Unsure = 3;

    /// <summary>What <see cref="Tail"/> is told for, in nats.</summary>
    internal static IReadOnlyList<double> Tails { get; } = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2];

    /// <summary>Steps by both entropies: bin of the expert · <see cref="EntropyBins"/> + bin of the amateur.</summary>
    public SortedDictionary<int, long> Entropies { get; init; } = [];

    /// <summary>All steps by KL: bin i holds those from i · <see cref="KlBin"/> on.</summary>
    public SortedDictionary<int, long> KlCounts { get; init; } = [];

    [System.Text.Json.Serialization.JsonIgnore]
    public double ExpertPerplexity => Math.Exp(-ExpertLog / Math.Max(1, Scored));

    [System.Text.Json.Serialization.JsonIgnore]
    public double AmateurPerplexity => Math.Exp(-AmateurLog / Math.Max(1, Scored));

    /// <summary>Share of the steps whose KL is at least so much (a multiple of <see cref="KlBin"/>).</summary>
    public double Tail(double kl) => (double)KlCounts.Where(bin => bin.Key >= (int)Math.Round(kl / KlBin))
        .Sum(bin => bin.Value) / Math.Max(1, Steps);

    /// <summary>Whether the pair is worth a run, in plain words.</summary>
    public string Verdict(double samplesPerQuestion, double keepRate) =>
        Steps == 0 ? "Unknown: no step was compared."
        : AmateurPerplexity <= ExpertPerplexity
            ? "Not worth it: the amateur predicts the answers as well as the expert, so their disagreement says nothing about "
            + "what the expert knows."
        : samplesPerQuestion < 0.5
        ? "Hardly worth it: the two are so similar that few steps are kept; use a weaker amateur or a lower beta."
        : keepRate > 0.5
            ? "Doubtful: they disagree at most steps, so the selection is not selective; use a stronger amateur or a higher beta."
        : "Worth a try: they agree at most steps, and the expert is the better of the two where they do not. Only accuracy before and "
            + "after shows whether it helps.";

    public static PairFigures operator +(PairFigures a, PairFigures b) =>
        new(a.Steps + b.Steps, a.SameTop + b.SameTop, a.ConfidentUnsure + b.ConfidentUnsure, a.Scored + b.Scored, a.ExpertLog + b.ExpertLog,
            a.AmateurLog + b.AmateurLog)
        {
            Entropies = Sum(a.Entropies, b.Entropies),
            KlCounts = Sum(a.KlCounts, b.KlCounts),
        };

    internal static PairFigures Of(IReadOnlyList<StepFigures> steps)
    {
        StepFigures[] scored = [.. steps.Where(step => step.ExpertLog is not null)];
        return new(steps.Count, steps.Count(step => step.ExpertTop == step.AmateurTop),
            steps.Count(step => step.ExpertEntropy < Confident && step.AmateurEntropy > Unsure),
            scored.Length, scored.Sum(step => step.ExpertLog!.Value), scored.Sum(step => step.AmateurLog!.Value))
        {
            Entropies = Count(steps, step => Bin(step.ExpertEntropy) * EntropyBins + Bin(step.AmateurEntropy)),
            KlCounts = Count(steps, step => BinOfKl(step.Kl)),
        };

        static int Bin(double entropy) => (int)Math.Min(EntropyBins - 1, Math.Max(0, entropy) / EntropyBin);
    }

    internal static int BinOfKl(double kl) => (int)(Math.Max(0, kl) / KlBin);

    internal static SortedDictionary<int, long> Count<T>(IEnumerable<T> all, Func<T, int> key) =>
        new(all.GroupBy(key).ToDictionary(group => group.Key, group => (long)group.Count()));

    internal static SortedDictionary<int, long> Sum(SortedDictionary<int, long> a, SortedDictionary<int, long> b) =>
        new(a.Concat(b).GroupBy(bin => bin.Key).ToDictionary(group => group.Key, group => group.Sum(bin => bin.Value)));
}
