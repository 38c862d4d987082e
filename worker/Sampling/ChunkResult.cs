using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Sampling;

/// <summary>What sampling a chunk of questions gave.</summary>
/// <param name="Samples">The kept steps, in the order of the questions and then of the steps.</param>
/// <param name="StepsSeen">Steps whose distributions were compared.</param>
/// <param name="TokensGenerated">Tokens that the expert generated.</param>
/// <param name="KlSum">Sum of KL over the kept steps, in nats.</param>
/// <param name="QuestionsDone">Questions in the chunk.</param>
public sealed record ChunkResult(IReadOnlyList<ContrastiveSample> Samples, long StepsSeen, long TokensGenerated, double KlSum, int QuestionsDone);
