using KubeOps.Abstractions.Events;
using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>An event that tells of a transition; what it quotes holds no secrets.</summary>
internal sealed record RunEvent(string Reason, string Message, EventType Type = EventType.Normal)
{
    public string Message { get; } = Redactor.OfProcess.Redact(Message);
}

/// <summary>Which events a change of status is worth.</summary>
internal static class Transitions
{
    /// <summary>The events between two statuses.</summary>
    /// <param name="before">The earlier one.</param>
    /// <param name="after">The later one.</param>
    /// <param name="lastFailure">What the newest failed attempt said; null where none is known.</param>
    public static IEnumerable<RunEvent> Between(RunStatus before, RunStatus after, string? lastFailure = null)
    {
        var message = after.Message ?? "";
        if ((after.Retries ?? 0) > (before.Retries ?? 0) && after.Phase is not (RunPhase.Succeeded or RunPhase.Failed))
            yield return new RunEvent("AttemptFailed", lastFailure ?? (message.Length > 0 ? message : "an attempt failed"),
                EventType.Warning);
        string? timed = after is { Phase: RunPhase.Running, Progress: { EstimatedCompletion: { } end } progress }
            ? FormattableString.Invariant($"{progress.Display} {progress.Unit} done, {progress.RatePerSecond} a second; ")
                + FormattableString.Invariant($"ready about {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC") : null;
        // The worker has looked at models, data and machine, and says what it is going to do; an attempt's first batches are timed.
        if (IsPlan(after) && !IsPlan(before))
            yield return new RunEvent("Planned",
                FailureText.Clean($"{message}; {timed ?? "when it will be ready is said after the first batches (Estimated)"}"));
        else if (timed is not null && before.Progress?.EstimatedCompletion is null) yield return new RunEvent("Estimated", timed);

        RunCondition? ready = Conditions.Find(after.Conditions, Conditions.Ready),
            wasReady = Conditions.Find(before.Conditions, Conditions.Ready);
        var stuck = IsObstacle(ready?.Reason);
        if (before.Phase != after.Phase && after.Phase is { } phase)
        {
            var resumed = before.Phase == RunPhase.Suspended && (phase is RunPhase.Pending or RunPhase.Running or RunPhase.Queued);
            var reason = resumed ? "Resumed" : phase.ToString();
            if (!stuck) yield return new RunEvent(reason, message, phase == RunPhase.Failed ? EventType.Warning : EventType.Normal);
        }
        if (stuck && ready!.Reason != wasReady?.Reason) yield return new RunEvent(ready.Reason!, message, EventType.Warning);
    }

    private static bool IsPlan(RunStatus status) =>
        status.Phase == RunPhase.Running && status.Message?.Contains(ProgressReport.PlanWords, StringComparison.Ordinal) == true;

    private static bool IsObstacle(string? reason) => reason is Reasons.Unschedulable or Reasons.ImagePull or Reasons.ContainerConfig
        or Reasons.QuotaExceeded
        or Reasons.PodsRefused or Reasons.JobRefused or Reasons.InvalidSpec or Reasons.NoOutput or Reasons.NameTaken;
}
