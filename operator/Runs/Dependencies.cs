using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>Whether the runs that a run refers to let it start. Exactly one of the three is set.</summary>
internal sealed record Dependencies
{
    /// <summary>The run cannot start.</summary>
    public Standing? Failure { get; private init; }

    /// <summary>The run has to wait.</summary>
    public Standing? Waiting { get; private init; }

    /// <summary>When a missing reference has been waited for long enough.</summary>
    public TimeSpan? Patience { get; private init; }

    /// <summary>Where the references' outputs lie, by <c>KIND/NAME</c>.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; private init; } = new Dictionary<string, string>();

    public static Dependencies Look(RunObservation o)
    {
        // What a reference resolved to is never decided twice: it stands on the Job, and in the status when the Job is gone.
        var remembered = o.Job?.References() ?? o.Run.RunStatus.References
            ?? new Dictionary<string, string>();
        var outputs = new Dictionary<string, string>();
        Standing? missing = null, unfinished = null;
        foreach (var reference in o.Run.RunSpec.References())
        {
            var key = reference.ToString();
            if (remembered.TryGetValue(key, out var uri))
            {
                outputs[key] = uri;
                continue;
            }
            switch (o.References.GetValueOrDefault(reference))
            {
                case null:
                    missing ??= Missing(o, key);
                    break;
                case { Phase: RunPhase.Succeeded, OutputUri: { } output }:
                    outputs[key] = output;
                    break;
                case { Phase: RunPhase.Failed } failed:
                    return new Dependencies
                    {
                        Failure = new(RunPhase.Failed, Reasons.DependencyFailed,
                        FailureText.Clean($"{key} failed: {failed.Message}"))
                    };
                case { WaitsForThis: true }:
                    return new Dependencies
                    {
                        Failure = new(RunPhase.Failed, Reasons.DependencyCycle,
                        $"{key} waits for this run, and this run for it; neither can ever start")
                    };
                case { } other:
                    unfinished ??= new(RunPhase.Waiting, Reasons.WaitingForRun,
                        $"waits for {key}, which is {other.Phase ?? RunPhase.Pending}");
                    break;
            }
        }
        if (missing?.Phase == RunPhase.Failed) return new Dependencies { Failure = missing };
        return (missing ?? unfinished) is { } waiting
            ? new Dependencies { Waiting = waiting, Patience = missing is null ? null : Left(o) } : new Dependencies { Outputs = outputs };
    }

    /// <summary>Whether a run has failed for no other reason than its references, before it started.</summary>
    public static bool HaveFailed(RunStatus status) => status is { Phase: RunPhase.Failed, StartTime: null }
        && Conditions.Find(status.Conditions,
            Conditions.Ready)?.Reason is Reasons.DependencyFailed or Reasons.DependencyMissing or Reasons.DependencyCycle;

    private static TimeSpan Left(RunObservation o) =>
        (o.Run.RunStatus.DependencyMissingSince ?? o.Now) + TimeSpan.FromSeconds(o.Run.RunSpec.DependencyTimeoutSeconds) - o.Now;

    private static Standing Missing(RunObservation o, string key)
    {
        var timeout = o.Run.RunSpec.DependencyTimeoutSeconds;
        return Left(o) <= TimeSpan.Zero
            ? new Standing(RunPhase.Failed, Reasons.DependencyMissing,
                $"{key} has not existed for {timeout} s (spec.dependencyTimeoutSeconds)")
            { Obstacle = Reasons.DependencyMissing }
            : new Standing(RunPhase.Waiting, Reasons.WaitingForRun,
                $"waits for {key}, which does not exist (gives up after {timeout} s)")
            { Obstacle = Reasons.DependencyMissing };
    }
}
