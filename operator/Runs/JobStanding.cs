using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>Where a run stands by its Job and pods.</summary>
internal static class JobStanding
{
    public static Standing InQueue(string queue) => new(RunPhase.Queued, Reasons.Queued, $"waits for queue {queue} to admit it");

    /// <summary>Of a Job that has not ended.</summary>
    public static Standing Of(RunObservation o, V1Job job)
    {
        var spec = o.Run.RunSpec;
        V1Pod[] pods = [.. o.OwnPods];
        int working = pods.Count(PodState.IsWorking), left = pods.Count(pod => !pod.IsFinished());
        if (spec.Suspend)
            return left > 0
                ? new Standing(RunPhase.Suspended, Reasons.Stopping,
                    $"spec.suspend is true; {Count(left, "pod")} {(left == 1 ? "is" : "are")} stopping, finished work is kept")
                : new Standing(RunPhase.Suspended, Reasons.Suspended, "spec.suspend is true; finished work is kept");
        if (job.IsSuspended())
            return RunMarks.Queue(o.Run) is { Length: > 0 } queue
                ? InQueue(queue) : new Standing(RunPhase.Pending, Reasons.Starting, "the Job is being resumed");

        var lastFailure = LastFailure(o, pods);
        if (job.Failing() is not null)
            return new Standing(
                RunPhase.Running, Reasons.Stopping,
                FailureText.Clean($"stopping after a failure: {lastFailure ?? job.Failing()!.Message}"));

        if (pods.Select(pod => FailureText.WhyLost(pod, o.Now)).FirstOrDefault(why => why is not null) is { } lost
            && pods.All(pod => pod.IsFinished() || pod.IsLost(o.Now)))
            return new Standing(RunPhase.Running, Reasons.NodeLost, lost);
        var obstacle = pods.Select(FailureText.WhyPending).FirstOrDefault(why => why is not null);
        if (obstacle is null && left == 0 && o.PodRefusal is { } refusal) obstacle = FailureText.WhyRefused(refusal);
        if (working > 0) return Outdated(o, job, AtWork(o, working, obstacle?.Message, lastFailure));
        // What a person alone can change is Stalled; a quota may have room again, a node may come.
        if (obstacle is { } why)
            return new Standing(RunPhase.Pending, why.Reason, why.Message) { NeedsAction = why.Reason == Reasons.PodsRefused };
        if (lastFailure is not null)
            return spec.Retries == 0 || job.Retries() > spec.Retries && JobTemplate.ShardsOf(spec) == 1
                ? new Standing(RunPhase.Running, Reasons.Stopping, FailureText.Clean($"no retries are left after {lastFailure}"))
                : Retrying(lastFailure);
        if (pods.Count(pod => pod.Status?.Phase == "Succeeded") >= JobTemplate.ShardsOf(spec))
            return new Standing(RunPhase.Running, Reasons.Running, "all pods are done; the Job is finishing");
        // Between two pods of a run that has worked already, nothing is in the way.
        if (o.Run.RunStatus.Phase == RunPhase.Running || pods.Any(PodState.IsFinished))
            return new Standing(RunPhase.Running, Reasons.Running, "the next pod is starting");
        return new Standing(RunPhase.Pending, Reasons.Starting,
            pods.Length == 0 ? "the Job's pods are being created" : $"pod {pods[0].Metadata.Name} is starting");
    }

    public static Standing Succeeded(RunObservation o) =>
        new(RunPhase.Succeeded, Reasons.Succeeded, LatestWords(o, ReportOutcome.Succeeded) ?? "the output is complete");

    public static Standing Failed(RunObservation o, V1Job job, V1JobCondition end)
    {
        V1Pod[] failed = [.. o.OwnPods.Where(pod => pod.Status?.Phase == "Failed").OrderBy(pod => pod.FinishedAt())];
        var sharded = JobTemplate.ShardsOf(o.Run.RunSpec) > 1;
        switch (end.Reason)
        {
            case "PodFailurePolicy":
                var refused = failed.LastOrDefault(pod => pod.Terminated()?.ExitCode is >= 64 and <= 78);
                return new Standing(RunPhase.Failed, Reasons.OfExitCode(refused?.Terminated()?.ExitCode ?? 0),
                    refused is null ? FailureText.Clean(end.Message ?? "the worker refused the run")
                        : FailureText.OfFailedPod(refused, sharded));
            case "BackoffLimitExceeded" or "FailedIndexes" or "MaxFailedIndexesExceeded":
                var last = failed.LastOrDefault(pod => !sharded || JobState.ContainsIndex(job.Status?.FailedIndexes, pod.Shard()))
                    ?? failed.LastOrDefault();
                var why = last is null ? end.Message ?? "its pods failed" : FailureText.OfFailedPod(last, sharded);
                return new Standing(RunPhase.Failed, Reasons.RetriesExhausted,
                    FailureText.Clean($"gave up after {Count(o.Run.RunSpec.Retries, "retry", "retries")}: {why}"));
            default:
                return new Standing(RunPhase.Failed, Reasons.JobFailed, FailureText.Clean($"{end.Reason}: {end.Message}"));
        }
    }

    private static Standing AtWork(RunObservation o, int working, string? obstacle, string? lastFailure)
    {
        var shards = JobTemplate.ShardsOf(o.Run.RunSpec);
        var words = LatestWords(o, ReportOutcome.Running);
        var message = shards > 1 ? $"{Count(working, "shard")} at work{(words is null ? "" : $": {words}")}"
            : words ?? "the worker is running";
        if (obstacle is not null) message += $"; another pod waits: {obstacle}";
        else if (shards > 1 && lastFailure is not null) message += $"; trying again after {lastFailure}";
        return new Standing(RunPhase.Running, Reasons.Running, FailureText.Clean(message));
    }

    /// <summary>Says that a changed spec waits for the pods at work.</summary>
    private static Standing Outdated(RunObservation o, V1Job job, Standing standing) => !JobPlan.IsOutdated(o.Run, job) ? standing
        : new Standing(standing.Phase, standing.Reason, FailureText.Clean(
            $"{standing.Message}; the changed spec applies to the next pod (suspend and resume the run to apply it now)"));

    private static Standing Retrying(string failure) =>
        new(RunPhase.Running, Reasons.Retrying, FailureText.Clean($"will try again after {failure}"));

    /// <summary>The newest failure that no newer pod of the same shard has followed up.</summary>
    private static string? LastFailure(RunObservation o, V1Pod[] pods)
    {
        var sharded = JobTemplate.ShardsOf(o.Run.RunSpec) > 1;
        var failed = pods.GroupBy(PodState.Shard)
            .Select(shard => shard.OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.FinishedAt()).Last())
            .Where(pod => pod.Status?.Phase == "Failed")
            .OrderBy(pod => pod.FinishedAt()).LastOrDefault();
        return failed is null ? null : FailureText.OfFailedPod(failed, sharded);
    }

    /// <summary>What the newest failed attempt said, whatever has begun since; null where no pod of one is left.</summary>
    public static string? LastFailedAttempt(RunObservation o) =>
        o.OwnPods.Where(pod => pod.Status?.Phase == "Failed").MaxBy(pod => pod.FinishedAt()) is { } pod
        ? FailureText.OfFailedPod(pod, JobTemplate.ShardsOf(o.Run.RunSpec) > 1) : null;

    private static string? LatestWords(RunObservation o, ReportOutcome outcome) =>
        o.Progress.Where(s => s.Latest.Outcome == outcome && s.Latest.Message is { Length: > 0 }).MaxBy(s => s.LatestAt) is { } shard
            ? FailureText.Clean(shard.Latest.Message!) : null;

    private static string Count(int n, string one, string? many = null) => n == 1 ? $"1 {one}" : $"{n} {many ?? one + "s"}";
}
