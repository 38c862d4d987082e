using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Ready, Reconciling and Stalled as kstatus reads them: Reconciling=True is InProgress, Stalled=True is Failed, Ready=True is Current.
/// Complete, Failed and Suspended are a Job's, for <c>kubectl wait --for=condition=…</c>.
/// </summary>
internal static class Conditions
{
    public const string Ready = "Ready", Reconciling = "Reconciling", Stalled = "Stalled", Complete = "Complete", Failed = "Failed",
        Suspended = "Suspended";

    public static IReadOnlyList<RunCondition> Of(Standing standing, IReadOnlyList<RunCondition>? before,
        long? generation, DateTimeOffset now)
    {
        var stalled = standing.Phase == RunPhase.Failed || standing.NeedsAction;
        var reconciling = !stalled && !standing.IsFinished && standing.Phase != RunPhase.Suspended
            && standing.Obstacle != Reasons.DependencyMissing;
        return
        [
            Condition(Ready, standing.Phase == RunPhase.Succeeded, standing.Reason, standing.Message),
            Condition(Reconciling, reconciling, standing.Obstacle ?? standing.Reason, standing.Message),
            Condition(Stalled, stalled, standing.Reason, stalled ? standing.Message : ""),
            Condition(Complete, standing.Phase == RunPhase.Succeeded, standing.Reason, ""),
            Condition(Failed, standing.Phase == RunPhase.Failed, standing.Reason, standing.Phase == RunPhase.Failed
                ? standing.Message : ""),
            Condition(Suspended, standing.Phase == RunPhase.Suspended, standing.Reason, ""),
        ];

        RunCondition Condition(string type, bool holds, string reason, string message)
        {
            var status = holds ? "True" : "False";
            var old = Find(before, type);
            return new RunCondition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message,
                LastTransitionTime = old?.Status == status ? old.LastTransitionTime : now,
                ObservedGeneration = generation,
            };
        }
    }

    public static RunCondition? Find(IReadOnlyList<RunCondition>? conditions, string type) =>
        conditions?.FirstOrDefault(c => c.Type == type);
}
