namespace LightReasoner.Worker.Generation;

/// <summary>What a model generated for one prompt.</summary>
/// <param name="Ids">The new token ids; the last is an end-of-sequence token unless the limit came first.</param>
/// <param name="ForwardPasses">Forward passes of the model that this answer took part in.</param>
public sealed record GeneratedAnswer(int[] Ids, int ForwardPasses);
