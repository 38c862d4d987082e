using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Api.Validation;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// From what is observed to what should be: no clock, no cluster, no memory of its own. Every call derives everything anew, so the
/// operator may be killed at any line and go on from what it then finds.
/// </summary>
/// <remarks>
/// <code>
///             reference not Succeeded        spec.queueName, not admitted
///  (new) ──────────► Waiting ────┐        ┌──► Queued ──┐
///    │                  │        ▼        │             ▼
///    └──────────────────┼────► Pending ───┴─────────► Running ─────► Succeeded
///                       │        ▲   no pod can run      │  ▲
///                       │        └───────────────────────┘  │ spec.suspend: false
///                       ▼                                   │
///                    Failed ◄── from any unfinished phase   Suspended ◄── from any unfinished phase (spec.suspend: true)
/// </code>
/// Succeeded and Failed are for good: a run that is to be done again is made again.
/// </remarks>
internal sealed class RunDecider(OperatorOptions options)
{
    private static readonly TimeSpan
        Soon = TimeSpan.FromSeconds(2),
        WhileWorking = TimeSpan.FromSeconds(30),
        WhileWaiting = TimeSpan.FromSeconds(30),
        LongestSleep = TimeSpan.FromHours(1);

    public RunDecision Decide(RunObservation o)
    {
        IRunEntity run = o.Run;
        // The garbage collector takes care of what a deleted run owns.
        if (run.Metadata.DeletionTimestamp is not null) return new RunDecision(run.RunStatus, [], null);
        if (run.RunStatus.Phase is RunPhase.Succeeded or RunPhase.Failed) return Finished(o);
        // An ended Job settles the run whatever else has become of its spec.
        if (o.OwnJob is { } job && job.Ended() is { } end) return Ended(o, job, end);

        if (DocumentValidator.Validate(run.ToManifest()) is { Count: > 0 } errors)
            return NeedsAction(o, Reasons.InvalidSpec, string.Join("; ", errors));
        if (OutputUri(run) is not { } outputUri)
            return NeedsAction(o, Reasons.NoOutput, "spec.output.uri is not set and the operator has no default (--output-prefix)");
        if (o.Job is not null && o.OwnJob is null || o.Document is { } map && map.Metadata.OwnerReferences?.Any(r => r.Uid == run.Metadata.Uid) != true)
            return NameTaken(o);

        return Dependencies.Look(o) switch
        {
            { Failure: { } failure } => Write(o, failure, outputUri, WithoutJob(o, "its references have failed"), TimeToLive(run.RunSpec, run.RunStatus with { CompletionTime = o.Now }, o.Now)),
            { Waiting: { } waiting } => Write(o, run.RunSpec.Suspend ? Suspended : waiting, outputUri, WithoutJob(o, "its references are not ready"), WhileWaiting),
            { Outputs: var references } => Work(o, new RunOutputs(outputUri, references)),
        };
    }

    /// <summary>What is done when the API server refused an action of the decision.</summary>
    public RunDecision Refused(RunObservation o, Refusal refusal) =>
        // A quota may have room again without anybody's doing.
        NeedsAction(o, refusal.Reason, refusal.Message, stalls: refusal.Reason != Reasons.QuotaExceeded);

    private static Standing Suspended { get; } = new(RunPhase.Suspended, Reasons.Suspended, "spec.suspend is true; finished work is kept");

    private static Standing Accepted { get; } = new(RunPhase.Pending, Reasons.Accepted, "the run's Job is being made");

    private string? OutputUri(IRunEntity run)
    {
        // Once started it stays where it is, although the operator's default may have changed.
        if (run.RunStatus is { StartTime: not null, OutputUri: { } settled }) return settled;
        if (run.RunSpec.Output?.Uri is { } uri) return uri.TrimEnd('/');
        return options.OutputPrefix is { } prefix ? $"{prefix.TrimEnd('/')}/{run.Metadata.NamespaceProperty}/{run.Metadata.Name}" : null;
    }

    private RunDecision Work(RunObservation o, RunOutputs outputs)
    {
        IRunEntity run = o.Run;
        V1ConfigMap document = ConfigMapTemplate.Build(run, outputs);
        V1Job wanted;
        try
        {
            wanted = JobTemplate.Build(run, outputs, options);
        }
        catch (FragmentException e)
        {
            return NeedsAction(o, Reasons.InvalidSpec, e.Message);
        }

        var actions = new List<RunAction>();
        if (o.Document is null) actions.Add(new RunAction.CreateDocument(document));
        else if (!ConfigMapTemplate.Holds(o.Document, document)) actions.Add(new RunAction.ReplaceDocument(o.Document, document));

        if (o.OwnJob is not { } job) return WithoutPods(o, outputs.Own, wanted, actions);
        if (job.Metadata.DeletionTimestamp is not null)
            return Write(o, run.RunSpec.Suspend ? Suspended : new Standing(RunPhase.Pending, Reasons.WaitingForOldPods,
                "an earlier Job of the run is being deleted; a new one follows when its last pod has stopped"), outputs.Own, actions, Soon);
        if (JobPlan.WhyReplace(job, wanted, run) is { } why)
        {
            actions.Add(new RunAction.DeleteJob(job, why));
            return Write(o, run.RunSpec.Suspend ? Suspended : Accepted, outputs.Own, actions, Soon);
        }
        if (JobPlan.Patch(job, run, o.Now) is { } patch) actions.Add(patch);
        return Write(o, JobStanding.Of(o, job), outputs.Own, actions, WhileWorking);
    }

    /// <summary>No Job: make one, unless the run is suspended or pods of an earlier one are still there.</summary>
    private RunDecision WithoutPods(RunObservation o, string outputUri, V1Job wanted, List<RunAction> actions)
    {
        if (o.Run.RunSpec.Suspend) return Write(o, Suspended, outputUri, actions, WhileWaiting);
        if (o.Pods.FirstOrDefault(pod => !pod.IsFinished()) is { } left)
            return Write(o, new Standing(RunPhase.Pending, Reasons.WaitingForOldPods,
                $"pod {left.Metadata.Name} of an earlier Job is still there; a new Job follows when it has stopped"), outputUri, actions, Soon);
        actions.Add(new RunAction.CreateJob(wanted));
        Standing standing = o.Run.RunSpec.QueueName is { Length: > 0 } queue ? JobStanding.InQueue(queue) : Accepted;
        return Write(o, standing, outputUri, actions, WhileWorking);
    }

    /// <summary>A Job that waits in a queue must not start any more.</summary>
    private static IReadOnlyList<RunAction> WithoutJob(RunObservation o, string why) =>
        o.OwnJob is { Metadata.DeletionTimestamp: null } job && o.Run.RunStatus.StartTime is null ? [new RunAction.DeleteJob(job, why)] : [];

    private RunDecision Ended(RunObservation o, V1Job job, V1JobCondition end)
    {
        Standing standing = end.Type == "Complete" ? JobStanding.Succeeded(o) : JobStanding.Failed(o, job, end);
        RunStatus status = Write(o, standing, o.Run.RunStatus.OutputUri ?? OutputUri(o.Run), [], null).Status;
        return new RunDecision(status, [], TimeToLive(o.Run.RunSpec, status, o.Now));
    }

    private static RunDecision Finished(RunObservation o)
    {
        // Only what may still change on a finished run: its time to live.
        long? generation = o.Run.Metadata.Generation;
        RunStatus status = o.Run.RunStatus with
        {
            ObservedGeneration = generation,
            Conditions = [.. (o.Run.RunStatus.Conditions ?? []).Select(condition => condition with { ObservedGeneration = generation })],
        };
        return o.Run.RunSpec.TtlSecondsAfterFinished is { } ttl && status.CompletionTime is { } end && end.AddSeconds(ttl) <= o.Now
            ? new RunDecision(status, [new RunAction.DeleteRun()], LongestSleep)
            : new RunDecision(status, [], TimeToLive(o.Run.RunSpec, status, o.Now));
    }

    private static TimeSpan? TimeToLive(RunSpec spec, RunStatus status, DateTimeOffset now)
    {
        if (spec.TtlSecondsAfterFinished is not { } ttl || status.CompletionTime is not { } end) return null;
        TimeSpan left = end.AddSeconds(ttl) - now;
        return left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left < LongestSleep ? left : LongestSleep;
    }

    private static RunDecision NameTaken(RunObservation o) => NeedsAction(o, Reasons.NameTaken,
        $"{(o.Job is not null && o.OwnJob is null ? "Job" : "ConfigMap")} {JobNames.Of(RunKey.Of(o.Run))} exists and does not belong to this run; delete it, or give the run another name")
        with
    { RequeueAfter = Soon * 5 };

    private static RunDecision NeedsAction(RunObservation o, string reason, string message, bool stalls = true)
    {
        RunPhase phase = o.Run.RunStatus.StartTime is not null && o.OwnJob is not null ? RunPhase.Running : RunPhase.Pending;
        return Write(o, new Standing(phase, reason, FailureText.Clean(message)) { NeedsAction = stalls }, o.Run.RunStatus.OutputUri, [], WhileWaiting);
    }

    private static RunDecision Write(RunObservation o, Standing standing, string? outputUri, IReadOnlyList<RunAction> actions, TimeSpan? requeueAfter) =>
        new(StatusWriting.Of(o, standing, outputUri), actions, requeueAfter);
}
