using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Sampling;

/// <summary>What sampling a chunk of questions gave.</summary>
/// <param name="Samples">The kept steps, in the order of the questions and then of the steps.</param>
/// <param name="StepsSeen">Steps whose distributions were compared.</param>
/// <param name="TokensGenerated">Tokens that the expert generated.</param>
/// <param name="KlSum">Sum of KL over the kept steps, in nats.</param>
/// <param name="QuestionsDone">Questions in the chunk.</param>
public sealed record ChunkResult(IReadOnlyList<ContrastiveSample> Samples, long StepsSeen, long TokensGenerated, double KlSum, int QuestionsDone)
{
    /// <summary>What became of the amateur's drafts.</summary>
    public DraftFigures Drafts { get; init; }
}

/// <summary>Drafts of the amateur that the expert read.</summary>
/// <param name="Passes">Passes of the expert over a row with a draft.</param>
/// <param name="Proposed">Tokens proposed.</param>
/// <param name="Accepted">Those that the expert said too: each saved it a pass over a row.</param>
public readonly record struct DraftFigures(long Passes, long Proposed, long Accepted);
