namespace LightReasoner.Worker.Evaluation;

/// <summary>A question whose answer became right, or ceased to be.</summary>
/// <param name="Question">The question.</param>
/// <param name="Expected">The right answer.</param>
/// <param name="Before">The model's answer before training.</param>
/// <param name="After">The model's answer after training.</param>
/// <param name="Improved">Whether the later one is the right one.</param>
public sealed record AnswerChange(string Question, string Expected, string Before, string After, bool Improved)
{
    /// <summary>Where a run keeps them.</summary>
    public const string BlobName = "evaluation-changes.json";
}

/// <summary>What block generation achieves with a number of passes over each block.</summary>
/// <param name="Passes">Forward passes over a block, at most; null until nothing changes.</param>
/// <param name="Questions">Questions asked.</param>
/// <param name="Correct">Right answers among them.</param>
/// <param name="TokensPerForward">Tokens of the answers per forward pass.</param>
public sealed record PassAccuracy(int? Passes, int Questions, int Correct, double TokensPerForward)
{
    /// <summary>Where a run keeps them.</summary>
    public const string BlobName = "evaluation-passes.json";
}
