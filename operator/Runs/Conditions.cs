using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Ready, Reconciling and Stalled as kstatus reads them: Reconciling=True is InProgress, Stalled=True is Failed, Ready=True is Current.
/// </summary>
internal static class Conditions
{
    public const string Ready = "Ready", Reconciling = "Reconciling", Stalled = "Stalled";

    public static IReadOnlyList<RunCondition> Of(Standing standing, IReadOnlyList<RunCondition>? before, long? generation, DateTimeOffset now)
    {
        bool stalled = standing.Phase == RunPhase.Failed || standing.NeedsAction;
        bool reconciling = !stalled && !standing.IsFinished && standing.Phase != RunPhase.Suspended && standing.Obstacle != Reasons.DependencyMissing;
        return
        [
            Condition(Ready, standing.Phase == RunPhase.Succeeded, standing.Reason, standing.Message),
            // Its time also moves with its reason: a reference that is missing counts from when it went missing.
            Condition(Reconciling, reconciling, standing.Obstacle ?? standing.Reason, standing.Message, timeFollowsReason: true),
            Condition(Stalled, stalled, standing.Reason, stalled ? standing.Message : ""),
        ];

        RunCondition Condition(string type, bool holds, string reason, string message, bool timeFollowsReason = false)
        {
            string status = holds ? "True" : "False";
            RunCondition? old = Find(before, type);
            bool same = old?.Status == status && (!timeFollowsReason || old.Reason == reason);
            return new RunCondition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message,
                LastTransitionTime = same && old!.LastTransitionTime is { } time ? time : now,
                ObservedGeneration = generation,
            };
        }
    }

    public static RunCondition? Find(IReadOnlyList<RunCondition>? conditions, string type) => conditions?.FirstOrDefault(c => c.Type == type);

    /// <summary>Since when Reconciling has had this reason; now, if it has another.</summary>
    public static DateTimeOffset Since(IReadOnlyList<RunCondition>? conditions, string reason, DateTimeOffset now) =>
        Find(conditions, Reconciling) is { LastTransitionTime: { } time } condition && condition.Reason == reason ? time : now;
}
