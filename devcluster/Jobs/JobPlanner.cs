namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// Decides what a Job needs: pure, from what is observed to what is to be done. A Job moves
/// running → (SuccessCriteriaMet → Complete | FailureTarget → Failed); the second step waits until no Pod terminates any more.
/// </summary>
internal static class JobPlanner
{
    private const int MaxPodsPerSync = 500;

    public static JobPlan Plan(JobObservation seen)
    {
        var (job, status) = (seen.Job, seen.Status);
        var active = seen.Pods.Where(p => p.Active).ToList();
        var uncounted = seen.Pods.Where(p => p.Tracked && (!job.Indexed || job.IndexCounts(p))).ToList();
        var newSucceeded = uncounted.Where(p => p.Succeeded && !status.UncountedSucceeded.Contains(p.Uid)).ToList();
        var newFailed = uncounted.Where(p => job.HasFailed(p) && !status.UncountedFailed.Contains(p.Uid)).ToList();
        var failed = status.Failed + status.UncountedFailed.Count + newFailed.Count(job.FailureCounts);
        var plan = new JobPlan
        {
            Active = active,
            Ready = active.Count(p => p.Ready),
            Terminating = seen.Pods.Count(p => p.Terminating),
            Succeeded = status.Succeeded + status.UncountedSucceeded.Count + newSucceeded.Count,
            BackOff = seen.BackOff.After(newSucceeded, newFailed),
        };
        plan = plan with { Finished = Verdict(seen, failed) };
        if (job.Indexed) plan = WithIndexes(plan, seen);

        if (plan.Finished is not null) return plan with { Remove = active };
        if (job.Deleting) return plan with { Again = UntilDeadline(seen) };
        return Manage(plan, seen) with { Managed = true };
    }

    /// <summary>How long the Job may still be active; null without a deadline. A suspended Job's time does not run.</summary>
    private static TimeSpan? UntilDeadline(JobObservation seen)
    {
        if (seen.Job.ActiveDeadline is not { } allowed || seen.Job.Suspended) return null;
        var started = seen.Status.StartTime is { } text && DateTimeOffset.TryParse(text, out var t) ? t : seen.Now;
        return allowed - (seen.Now - started);
    }

    /// <summary>Is the Job over, by a verdict already written, by policy, by its limit, or by its deadline?</summary>
    private static JobCondition? Verdict(JobObservation seen, int failed)
    {
        var (job, now) = (seen.Job, seen.Now);
        if (seen.Status.Find(JobCondition.SuccessCriteriaMet) is { True: true } met) return met;
        if (seen.Status.Find(JobCondition.FailureTarget) is { True: true } target)
            return JobCondition.Of(JobCondition.Failed, target.Reason, target.Message, now);
        if (job.FailurePolicy is { } policy)
        {
            var message = seen.Pods.Where(job.HasFailed).Select(p => policy.Match(p).Message).FirstOrDefault(m => m is not null);
            if (message is not null) return JobCondition.Of(JobCondition.FailureTarget, "PodFailurePolicy", message, now);
        }
        if (failed > job.BackoffLimit || RestartedTooOften(job, seen.Pods))
            return JobCondition.Of(JobCondition.FailureTarget, "BackoffLimitExceeded", "Job has reached the specified backoff limit", now);
        if (UntilDeadline(seen) <= TimeSpan.Zero && seen.Status.StartTime is not null)
            return JobCondition.Of(JobCondition.FailureTarget, "DeadlineExceeded", "Job was active longer than specified deadline", now);
        return null;
    }

    private static bool RestartedTooOften(Job job, IReadOnlyList<Pod> pods)
    {
        if (!job.RestartsInPlace) return false;
        var restarts = pods.Where(p => p.Phase is "Running" or "Pending").Sum(p => p.Restarts);
        return job.BackoffLimit == 0 ? restarts > 0 : restarts >= job.BackoffLimit;
    }

    private static JobPlan WithIndexes(JobPlan plan, JobObservation seen)
    {
        var (job, status) = (seen.Job, seen.Status);
        var completions = job.Completions ?? 0;
        var ended = seen.Pods.Where(p => p.Succeeded && p.Tracked && job.IndexCounts(p));
        var succeeded = Indexes.Parse(status.CompletedIndexes, completions).With(ended.Select(p => p.Index));
        plan = plan with { SucceededIndexes = succeeded, Succeeded = succeeded.Count };
        if (job.BackoffLimitPerIndex is { } limit)
        {
            var failed = Indexes.Parse(status.FailedIndexes, completions)
                .With(seen.Pods.Where(p => p.Tracked && job.IndexCounts(p) && FailsIndex(job, p, limit)).Select(p => p.Index));
            plan = plan with { FailedIndexes = failed, AwaitingReplacement = Awaiting(seen, plan.Active, succeeded, failed) };
            if (plan.Finished is null && failed.Count > job.MaxFailedIndexes)
                plan = Fails("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
            else if (plan.Finished is null && failed.Count > 0 && failed.Count + succeeded.Count >= completions)
                plan = Fails("FailedIndexes", "Job has failed indexes");
        }
        return plan;

        JobPlan Fails(string reason, string message) =>
            plan with { Finished = JobCondition.Of(JobCondition.FailureTarget, reason, message, seen.Now) };
    }

    private static bool FailsIndex(Job job, Pod pod, int limit)
    {
        if (!job.HasFailed(pod)) return false;
        return job.FailurePolicy?.Match(pod).Action switch
        {
            FailureAction.FailIndex => true,
            FailureAction.Ignore => false,
            _ => pod.FailureCount >= limit,
        };
    }

    private static Dictionary<int, Pod> Awaiting(JobObservation seen, IReadOnlyList<Pod> active, Indexes succeeded, Indexes failed)
    {
        var running = active.Select(p => p.Index).ToHashSet();
        return seen.Pods
            .Where(p => p.Tracked && seen.Job.IndexCounts(p) && seen.Job.HasFailed(p)
                && !succeeded.Contains(p.Index) && !failed.Contains(p.Index) && !running.Contains(p.Index))
            .GroupBy(p => p.Index)
            .ToDictionary(g => g.Key, g => g.OrderBy(p => p.AllFailures).ThenBy(p => p.FinishedAt).Last());
    }

    /// <summary>Brings the number of active Pods to what is wanted; removal goes before creation.</summary>
    private static JobPlan Manage(JobPlan plan, JobObservation seen)
    {
        var (job, now) = (seen.Job, seen.Now);
        var deadline = UntilDeadline(seen);
        if (job.Suspended) return plan with { Remove = plan.Active, Uncounted = true };

        // Without completions any success means that the work is done: what runs may end, nothing is added.
        var wanted = job.Completions is { } completions
            ? Math.Clamp(completions - plan.Succeeded, 0, job.Parallelism)
            : plan.Succeeded > 0 ? plan.Active.Count : job.Parallelism;
        var surplus = Surplus(job, plan.Active, Math.Max(0, plan.Active.Count - wanted));
        if (surplus.Count > 0) return plan with { Remove = [.. surplus.Take(MaxPodsPerSync)], Uncounted = true, Again = deadline };

        var missing = wanted - plan.Active.Count - (job.ReplaceFailedOnly ? plan.Terminating : 0);
        if (missing <= 0) return plan with { Again = deadline };
        missing = Math.Min(missing, MaxPodsPerSync);
        if (job.BackoffLimitPerIndex is null && plan.BackOff.Remaining(now) is var wait && wait > TimeSpan.Zero)
            return plan with { BackingOff = true, Again = Sooner(wait, deadline) };
        if (!job.Indexed) return plan with { Create = [.. Enumerable.Repeat(Pod.NoIndex, missing)], Again = deadline };

        var taken = plan.SucceededIndexes.With(plan.Active.Where(p => p.Index != Pod.NoIndex).Select(p => p.Index));
        if (job.ReplaceFailedOnly) taken = taken.With(seen.Pods.Where(p => p.Terminating && p.Index != Pod.NoIndex).Select(p => p.Index));
        if (plan.FailedIndexes is { } failed) taken = taken.Union(failed);
        var indexes = taken.FirstMissing(missing, job.Completions ?? 0);
        if (job.BackoffLimitPerIndex is not null && indexes.Count > 0)
        {
            var waits = indexes.ToDictionary(i => i, i => BackOff.Remaining(plan.AwaitingReplacement.GetValueOrDefault(i), now));
            indexes = [.. indexes.Where(i => waits[i] == TimeSpan.Zero)];
            if (indexes.Count == 0) return plan with { BackingOff = true, Again = Sooner(waits.Values.Min(), deadline) };
        }
        return plan with { Create = indexes, Again = deadline };
    }

    private static TimeSpan Sooner(TimeSpan a, TimeSpan? b) => b < a ? b.Value : a;

    /// <summary>Pods to remove: without a valid index, the lesser of two with the same index, and then the least worthy.</summary>
    private static List<Pod> Surplus(Job job, IReadOnlyList<Pod> active, int atLeast)
    {
        var left = active.ToList();
        var remove = new List<Pod>();
        if (job.Indexed)
        {
            remove.AddRange(left.Where(p => !job.IndexCounts(p)));
            foreach (var same in left.Where(job.IndexCounts).GroupBy(p => p.Index))
            {
                var ordered = same.ToList();
                ordered.Sort(Pod.CompareByWorth);
                remove.AddRange(ordered.SkipLast(1));
            }
            left = [.. left.Except(remove)];
        }
        if (remove.Count < atLeast)
        {
            left.Sort(Pod.CompareByWorth);
            remove.AddRange(left.Take(atLeast - remove.Count));
        }
        return remove;
    }
}
