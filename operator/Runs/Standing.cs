using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>Where a run stands, and why, before it is written as phase, message and conditions.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Reason">One word for programs, of <see cref="Reasons"/>.</param>
/// <param name="Message">One sentence for people.</param>
internal sealed record Standing(RunPhase Phase, string Reason, string Message)
{
    /// <summary>One sentence for people; whatever it quotes, status, events and logs get it without secrets.</summary>
    public string Message { get; } = Redactor.OfProcess.Redact(Message);

    /// <summary>Nothing will move until someone acts.</summary>
    public bool NeedsAction { get; init; }

    /// <summary>What the Reconciling condition gives as its reason, where that is more exact than Ready's.</summary>
    public string? Obstacle { get; init; }

    public bool IsFinished => Phase is RunPhase.Succeeded or RunPhase.Failed;
}
