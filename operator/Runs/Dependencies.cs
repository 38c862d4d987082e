using LightReasoner.Api;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>Whether the runs that a run refers to let it start. Exactly one of the three is set.</summary>
internal sealed record Dependencies
{
    /// <summary>The run can never start.</summary>
    public Standing? Failure { get; private init; }

    /// <summary>The run has to wait.</summary>
    public Standing? Waiting { get; private init; }

    /// <summary>Where the references' outputs lie, by <c>KIND/NAME</c>.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; private init; } = new Dictionary<string, string>();

    public static Dependencies Look(RunObservation o)
    {
        IReadOnlyDictionary<string, string> remembered = ConfigMapTemplate.RememberedReferences(o.Document);
        var outputs = new Dictionary<string, string>();
        Standing? missing = null, unfinished = null;
        foreach (RunReference reference in o.Run.RunSpec.References())
        {
            string key = reference.ToString();
            // A run that has started goes on with what it started with, whatever has become of its references since.
            if (o.Run.RunStatus.StartTime is not null && remembered.TryGetValue(key, out string? uri))
            {
                outputs[key] = uri;
                continue;
            }
            switch (o.References.GetValueOrDefault(reference))
            {
                // Gone since (by its time to live, say), but its output was there when this run was made ready.
                case null when remembered.TryGetValue(key, out string? lay):
                    outputs[key] = lay;
                    break;
                case null:
                    missing ??= Missing(o, key);
                    break;
                case { Phase: RunPhase.Succeeded, OutputUri: { } output }:
                    outputs[key] = output;
                    break;
                case { Phase: RunPhase.Failed } failed:
                    return new Dependencies { Failure = new(RunPhase.Failed, Reasons.DependencyFailed, FailureText.Clean($"{key} failed: {failed.Message}")) };
                case { WaitsForThis: true }:
                    return new Dependencies { Failure = new(RunPhase.Failed, Reasons.DependencyCycle, $"{key} waits for this run, and this run for it; neither can ever start") };
                case { } other:
                    unfinished ??= new(RunPhase.Waiting, Reasons.WaitingForRun, $"waits for {key}, which is {other.Phase ?? RunPhase.Pending}");
                    break;
            }
        }
        if (missing?.Phase == RunPhase.Failed) return new Dependencies { Failure = missing };
        return (missing ?? unfinished) is { } waiting ? new Dependencies { Waiting = waiting } : new Dependencies { Outputs = outputs };
    }

    private static Standing Missing(RunObservation o, string key)
    {
        int timeout = o.Run.RunSpec.DependencyTimeoutSeconds;
        DateTimeOffset since = o.Run.RunStatus.DependencyMissingSince ?? o.Now;
        return o.Now - since >= TimeSpan.FromSeconds(timeout)
            ? new Standing(RunPhase.Failed, Reasons.DependencyMissing, $"{key} has not existed for {timeout} s (spec.dependencyTimeoutSeconds)")
            : new Standing(RunPhase.Waiting, Reasons.WaitingForRun, $"waits for {key}, which does not exist (gives up after {timeout} s)")
            { Obstacle = Reasons.DependencyMissing };
    }
}
