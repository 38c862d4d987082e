using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Api.Validation;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Jobs;

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
///    └──────────────────┼────► Pending ───┴─────────► Running ─────► Succeeded ──┐
///                       │        ▲   no pod can run      │  ▲                    │ more is asked for
///                       │        └───────────────────────┘  │ spec.suspend: false │
///                       ▼                                   │                    ▼
///                    Failed ◄── from any unfinished phase   Suspended          Pending
/// </code>
/// A Failed run goes on when its rerun annotation changes, when more is asked for, and, if it failed for its references, when they are
/// there.
/// </remarks>
internal sealed class RunDecider(OperatorOptions options)
{
    private static readonly TimeSpan
        WhileRefused = TimeSpan.FromSeconds(30),
        LongestSleep = TimeSpan.FromHours(1);

    public RunDecision Decide(RunObservation o)
    {
        var run = o.Run;
        // The garbage collector takes care of what a deleted run owns.
        if (run.Metadata.DeletionTimestamp is not null) return new RunDecision(run.RunStatus, [], null);
        if (run.RunStatus.Phase is RunPhase.Succeeded or RunPhase.Failed)
        {
            if (WhyGoOn(run) is { } why) return GoOn(o, why);
            if (!Dependencies.HaveFailed(run.RunStatus) || Dependencies.Look(o).Failure is not null) return Finished(o);
        }
        // What was counted in that Job does not count any more.
        if (o.Job is { } earlier && JobPlan.IsOfEarlierLife(run, earlier))
            return Write(o with { Job = null, Progress = [] }, run.RunSpec.Suspend ? Suspended : Accepted, run.RunStatus.OutputUri,
                Deleting(earlier, "the run is started again"), null);
        // An ended Job settles the run whatever else has become of its spec.
        if (o.Job is { } job && job.Ended() is { } end) return Ended(o, job, end);

        if (o.Job is null && WhyNot(run) is var (reason, refusal)) return NeedsAction(o, reason, refusal);
        if (OutputUri(run) is not { } outputUri)
            return NeedsAction(o, Reasons.NoOutput, "spec.output.uri is not set and the operator has no default (--output-prefix)");

        return Dependencies.Look(o) switch
        {
            { Failure: { } failure } => Write(o, failure, outputUri, WithoutJob(o, "its references have failed"),
                TimeToLive(run.RunSpec, run.RunStatus with { CompletionTime = o.Now }, o.Now)),
            { Waiting: { } waiting } look => Write(o, run.RunSpec.Suspend ? Suspended : waiting, outputUri,
                WithoutJob(o, "its references are not ready"), look.Patience),
            { Outputs: var references } => Work(o, new RunOutputs(outputUri, references)),
        };
    }

    /// <summary>Why a run gets no Job; null if it may have one.</summary>
    private (string Reason, string Message)? WhyNot(IRunEntity run) =>
        DocumentValidator.Validate(run.ToManifest()) is { Count: > 0 } errors ? (Reasons.InvalidSpec, string.Join("; ", errors))
        : RunPolicy.Violations(run.RunSpec, options).ToArray() is { Length: > 0 } violations
        ? (Reasons.NotAllowed, string.Join("; ", violations))
        : RunPolicy.TooLarge(run.RunSpec, RunDocument.ToJson(run)) is { } tooLarge ? (Reasons.InvalidSpec, tooLarge)
        : null;

    /// <summary>What is done when the API server refused an action of the decision.</summary>
    public RunDecision Refused(RunObservation o, Refusal refusal) =>
        // A quota may have room again without anybody's doing.
        NeedsAction(o, refusal.Reason, refusal.Message, stalls: refusal.Reason != Reasons.QuotaExceeded);

    private static Standing Suspended { get; } = new(RunPhase.Suspended, Reasons.Suspended, "spec.suspend is true; finished work is kept");

    private static Standing Accepted { get; } = new(RunPhase.Pending, Reasons.Accepted, "the run's Job is being created");

    private static Standing OldPods(string message) => new(RunPhase.Pending, Reasons.WaitingForOldPods, message);

    private string? OutputUri(IRunEntity run)
    {
        // Once started it stays where it is, although the operator's default may have changed.
        if (run.RunStatus is { StartTime: not null, OutputUri: { } settled }) return settled;
        if (run.RunSpec.Output?.Uri is { } uri) return uri.TrimEnd('/');
        return options.OutputPrefix is { } prefix
            ? $"{prefix.TrimEnd('/')}/{OutputSpec.DefaultFolder(run.RunKind, run.Metadata.NamespaceProperty, run.Metadata.Name)}" : null;
    }

    private RunDecision Work(RunObservation o, RunOutputs outputs)
    {
        var run = o.Run;
        if (o.Job is not { } job) return WithoutJob(o, outputs);
        if (job.Metadata.DeletionTimestamp is not null)
            return Write(o, run.RunSpec.Suspend ? Suspended
                : OldPods(Stuck(o) ?? "an earlier Job of the run is being deleted; a new one follows when its last pod has stopped"),
                outputs.Own, [], null);
        if (o.NamespaceIsTerminating)
            return Write(o, JobStanding.Of(o, job), outputs.Own, Deleting(job, "the namespace is being deleted", foreground: false), null);
        if (run.RunSpec.ActiveDeadlineSeconds is { } deadline && o.ActiveSeconds >= deadline)
            return Write(o, new Standing(RunPhase.Failed, Reasons.DeadlineExceeded,
                $"the run's pods have worked for more than {deadline} s (spec.activeDeadlineSeconds)"),
                outputs.Own, Deleting(job, "the run's deadline has passed"),
                    TimeToLive(run.RunSpec, run.RunStatus with { CompletionTime = o.Now }, o.Now));
        if (JobPlan.WhyReplace(o, job) is { } why)
            return Write(o, run.RunSpec.Suspend ? Suspended : Accepted, outputs.Own, Deleting(job, why), null);
        var patch = JobPlan.Patch(job, run);
        return Write(o, JobStanding.Of(o, job), outputs.Own, patch is null ? [] : [patch], NextLook(o));
    }

    /// <summary>No Job: make one, unless the run is suspended or pods of an earlier one are still there.</summary>
    private RunDecision WithoutJob(RunObservation o, RunOutputs outputs)
    {
        if (o.Run.RunSpec.Suspend) return Write(o, Suspended, outputs.Own, [], null);
        if (o.EarlierJob is { } earlier)
            return Write(o,
                OldPods($"Job {earlier.Metadata.Name} of an earlier run of this name is being deleted; a new Job follows when its last "
                + "pod has stopped"), outputs.Own, [], null);
        if (o.Pods.FirstOrDefault(pod => !pod.IsFinished()) is { } left)
            return Write(o,
                OldPods(Stuck(o) ?? $"pod {left.Metadata.Name} of an earlier Job is still there; a new Job follows when it has stopped"),
                outputs.Own, [], Stuck(o) is null ? PodState.StuckAfter : null);
        var standing = RunMarks.Queue(o.Run) is { Length: > 0 } queue ? JobStanding.InQueue(queue) : Accepted;
        return Write(o, standing, outputs.Own, [new RunAction.CreateJob(JobTemplate.Build(o.Run, outputs, options))], null);
    }

    /// <summary>What time alone can change.</summary>
    private static TimeSpan? NextLook(RunObservation o)
    {
        TimeSpan? next = null;
        if (o.Run.RunSpec.ActiveDeadlineSeconds is { } deadline && o.OwnPods.Any(PodState.IsWorking))
            Sooner(TimeSpan.FromSeconds(Math.Max(1, deadline - o.ActiveSeconds)));
        if (o.OwnPods.Any(pod => pod.Metadata.DeletionTimestamp is not null && !pod.IsFinished())) Sooner(PodState.StuckAfter);
        return next;

        void Sooner(TimeSpan time) => next = next is null || time < next ? time : next;
    }

    private static string? Stuck(RunObservation o) => o.Pods.Select(pod => FailureText.WhyLost(pod, o.Now))
        .FirstOrDefault(why => why is not null);

    /// <summary>A Job that waits in a queue must not start any more.</summary>
    private static IReadOnlyList<RunAction> WithoutJob(RunObservation o, string why) => o.Job is { } job
        && o.Run.RunStatus.StartTime is null ? Deleting(job, why) : [];

    private static IReadOnlyList<RunAction> Deleting(V1Job job, string why, bool foreground = true) =>
        job.Metadata.DeletionTimestamp is null ? [new RunAction.DeleteJob(job, why, foreground)] : [];

    private RunDecision Ended(RunObservation o, V1Job job, V1JobCondition end)
    {
        var standing = end.Type == "Complete" ? JobStanding.Succeeded(o) : JobStanding.Failed(o, job, end);
        var status = Write(o, standing, o.Run.RunStatus.OutputUri ?? OutputUri(o.Run), [], null).Status;
        return new RunDecision(status, TimeToLiveOf(job), TimeToLive(o.Run.RunSpec, status, o.Now));
    }

    /// <summary>Why a finished run is to go on; null if it is not.</summary>
    private static string? WhyGoOn(IRunEntity run)
    {
        var status = run.RunStatus;
        if (status.Phase == RunPhase.Failed && RunMarks.Rerun(run.Metadata) is { Length: > 0 } rerun && rerun != status.Rerun)
            return $"started again ({Labels.Rerun}: {rerun})";
        return status.Extent is { } extent && extent != RunExtent.Of(run.RunSpec)
            ? $"more is asked for ({RunExtent.Of(run.RunSpec)}, was {extent})" : null;
    }

    private static RunDecision GoOn(RunObservation o, string why)
    {
        var run = o.Run;
        var s = run.RunStatus;
        run.RunStatus = s with
        {
            Restarts = (s.Restarts ?? 0) + 1,
            Rerun = RunMarks.Rerun(run.Metadata),
            Extent = RunExtent.Of(run.RunSpec),
            Retries = 0,
            Shards = s.Shards is { } shards ? shards with { Retries = null } : null,
            ActiveSeconds = 0,
            ActiveSince = null,
        };
        // What was counted in the old Job does not count any more.
        return Write(o with { Job = null, Progress = [] }, run.RunSpec.Suspend ? Suspended
            : new Standing(RunPhase.Pending, Reasons.Accepted, FailureText.Clean(why)), run.RunStatus.OutputUri, o.Job is { } job
            ? Deleting(job, why) : [], TimeSpan.FromMilliseconds(100));
    }

    private static RunDecision Finished(RunObservation o)
    {
        // Only what may still change on a finished run: its time to live.
        var generation = o.Run.Metadata.Generation;
        var status = o.Run.RunStatus with
        {
            ObservedGeneration = generation,
            Conditions = [.. (o.Run.RunStatus.Conditions ?? []).Select(condition => condition with { ObservedGeneration = generation })],
        };
        if (o.Run.RunSpec.TtlSecondsAfterFinished is { } ttl && status.CompletionTime is { } end && end.AddSeconds(ttl) <= o.Now)
            return new RunDecision(status, [new RunAction.DeleteRun()], LongestSleep);
        IReadOnlyList<RunAction> actions = o.Job is not { } job ? [] : job.Ended() is null
            ? Deleting(job, "the run is finished") : TimeToLiveOf(job);
        return new RunDecision(status, actions, TimeToLive(o.Run.RunSpec, status, o.Now));
    }

    /// <summary>
    /// The Job of a finished run goes after a while, which it is told only now: an operator that was away must find how it ended.
    /// </summary>
    private static IReadOnlyList<RunAction> TimeToLiveOf(V1Job job) =>
        job.Spec.TtlSecondsAfterFinished is null && job.Metadata.DeletionTimestamp is null
            ? [new RunAction.PatchJob(job, null, null, JobPlan.TimeToLive)] : [];

    private static TimeSpan? TimeToLive(RunSpec spec, RunStatus status, DateTimeOffset now)
    {
        if (spec.TtlSecondsAfterFinished is not { } ttl || status.CompletionTime is not { } end) return null;
        var left = end.AddSeconds(ttl) - now;
        return left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left < LongestSleep ? left : LongestSleep;
    }

    private static RunDecision NeedsAction(RunObservation o, string reason, string message, bool stalls = true)
    {
        var phase = o.Run.RunStatus.StartTime is not null && o.Job is not null ? RunPhase.Running : RunPhase.Pending;
        return Write(o, new Standing(phase, reason, FailureText.Clean(message)) { NeedsAction = stalls },
            o.Run.RunStatus.OutputUri, [], WhileRefused);
    }

    private static RunDecision Write(RunObservation o, Standing standing, string? outputUri, IReadOnlyList<RunAction> actions,
        TimeSpan? requeueAfter) =>
        new(StatusWriting.Of(o, standing, outputUri), actions, requeueAfter);
}
