using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>The status of a run from where it stands.</summary>
internal static class StatusWriting
{
    public static RunStatus Of(RunObservation o, Standing standing, string? outputUri)
    {
        var before = o.Run.RunStatus;
        var job = o.Job;
        var now = Seconds(o.Now);
        var shards = JobTemplate.ShardsOf(o.Run.RunSpec);
        var succeeded = standing.Phase == RunPhase.Succeeded;
        var working = standing.Phase == RunPhase.Running;
        // A shard whose pod was stopped does not work, although the last that was heard of it says so.
        IReadOnlyList<ShardProgress> progress = working ? o.Progress : [.. o.Progress.Select(AtRest)];

        var status = ProgressFold.Apply(before, progress, shards, JobTemplate.ParallelismOf(o.Run.RunSpec), succeeded, now);
        return Active(o, status with
        {
            Phase = standing.Phase,
            ObservedGeneration = o.Run.Metadata.Generation,
            StartTime = before.StartTime ?? job?.StartedAt() ?? FirstPodAt(o),
            CompletionTime = standing.IsFinished ? before.CompletionTime ?? now : null,
            Image = job?.Annotation(Labels.Image) ?? before.Image,
            JobName = job is not null || before.JobName is not null ? JobNames.Of(RunKey.Of(o.Run)) : null,
            OutputUri = outputUri,
            Message = standing.Message,
            Conditions = Conditions.Of(standing, before.Conditions, o.Run.Metadata.Generation, now),
            Shards = Shards(o, job, shards, succeeded, working, before.Shards),
            DependencyMissingSince = standing.Obstacle == Reasons.DependencyMissing ? before.DependencyMissingSince ?? now : null,
            References = job?.References() ?? before.References,
            Retries = Math.Max(before.Retries ?? 0, job?.Retries() ?? 0),
            Rerun = before.Phase is RunPhase.Failed or RunPhase.Succeeded ? before.Rerun : RunMarks.Rerun(o.Run.Metadata),
            Extent = job?.Annotation(Labels.Extent) ?? (before.StartTime is null ? RunExtent.Of(o.Run.RunSpec) : before.Extent),
        }, now);
    }

    /// <summary>Creation of the first pod that has started: the Job's status, which tells its start, may come after the pod's.</summary>
    private static DateTimeOffset? FirstPodAt(RunObservation o) =>
        o.OwnPods.Where(pod => pod.IsWorking() || pod.IsFinished()).Select(pod => JobState.Time(pod.Metadata.CreationTimestamp)).Min();

    /// <summary>Counts the time that pods work, to the last pod's end as well as it is known.</summary>
    private static RunStatus Active(RunObservation o, RunStatus status, DateTimeOffset now)
    {
        var since = o.Run.RunStatus.ActiveSince;
        if (status.Phase is not (RunPhase.Succeeded or RunPhase.Failed) && o.OwnPods.Any(PodState.IsWorking))
            return status with { ActiveSince = since ?? now };
        if (since is not { } start) return status;
        var end = o.OwnPods.Where(PodState.IsFinished).Select(PodState.FinishedAt).DefaultIfEmpty(now).Max();
        var seconds = (end < start || end > now ? now - start : end - start).TotalSeconds;
        return status with { ActiveSince = null, ActiveSeconds = (o.Run.RunStatus.ActiveSeconds ?? 0) + (long)seconds };
    }

    /// <summary>Whether two statuses differ in more than figures and wording, so that the new one is written at once.</summary>
    public static bool DifferInSubstance(RunStatus a, RunStatus b) =>
        a.Phase != b.Phase || a.ObservedGeneration != b.ObservedGeneration || a.StartTime != b.StartTime
            || a.CompletionTime != b.CompletionTime
        || a.JobName != b.JobName || a.Image != b.Image || a.Rerun != b.Rerun || a.Restarts != b.Restarts || a.Extent != b.Extent
            || a.ActiveSince != b.ActiveSince
        || a.OutputUri != b.OutputUri || a.Retries != b.Retries || a.Shards?.Retries != b.Shards?.Retries
        || !Essence(a.Conditions).SequenceEqual(Essence(b.Conditions));

    private static IEnumerable<(string, string, string, long?)> Essence(IReadOnlyList<RunCondition>? conditions) =>
        (conditions ?? []).Select(c => (c.Type, c.Status, c.Reason, c.ObservedGeneration));

    private static ShardCounts Shards(RunObservation o, V1Job? job, int total, bool succeeded, bool working, ShardCounts? before)
    {
        var done = succeeded ? total : Math.Max(before?.Succeeded ?? 0, Math.Min(total, job?.Status?.Succeeded ?? 0));
        var failed = job is null ? before?.Failed ?? 0
            : job.Spec.CompletionMode == "Indexed" ? JobState.CountIndexes(job.Status?.FailedIndexes)
            : job.Ended()?.Type == "Failed" ? 1 : 0;
        return new ShardCounts
        {
            Total = total,
            Active = working && job is not null ? o.Pods.Count(pod => pod.IsOwnedBy(job) && pod.IsWorking()) : 0,
            Succeeded = done,
            Failed = failed,
            Retries = total > 1 && Math.Max(before?.Retries ?? 0, ShardRetries(o, job)) is var retries and > 0 ? retries : null,
        };
    }

    /// <summary>Failed attempts of the shard that has the most: before the Job, and in it.</summary>
    private static int ShardRetries(RunObservation o, V1Job? job) =>
        job is null ? 0 : job.Number(Labels.ShardRetriesBefore) + o.OwnPods.Select(PodState.Failures).DefaultIfEmpty().Max();

    private static ShardProgress AtRest(ShardProgress shard) =>
        shard.IsAtWork ? shard with { Latest = shard.Latest with { Outcome = ReportOutcome.Interrupted } } : shard;

    /// <summary>The API keeps whole seconds; a status that is compared must not hold more.</summary>
    private static DateTimeOffset Seconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
}
