namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// Counts ended Pods exactly once. First write: the Pods' uids go into uncountedTerminatedPods. Then their finalizers are removed. Second
/// write: the uids move into the counters.
/// </summary>
internal sealed class JobTally(JobObservation seen, JobPlan plan)
{
    private readonly HashSet<string> tracked = [.. seen.Pods.Where(p => p.Tracked).Select(p => p.Uid)];
    private JsonObject written = seen.Status.ToJson();
    private JobCondition? finished = plan.Finished;

    public JobStatus Status { get; } = seen.Status;

    /// <summary>Pods whose finalizer may go once the status has been written.</summary>
    public List<Pod> Release { get; } = [];

    /// <summary>Suspended or Resumed, when this look changed it.</summary>
    public string? SuspensionEvent { get; private set; }

    /// <summary>The condition that has ended the Job at this look.</summary>
    public JobCondition? Verdict { get; private set; }

    /// <summary>The status, if it differs from what was written last.</summary>
    public JsonObject? ToWrite()
    {
        var now = Status.ToJson();
        if (JsonAccess.Same(now, written)) return null;
        written = now;
        return now.Copy();
    }

    /// <summary>The first half, after the plan's Pods have been removed and so many created: figures, conditions, uncounted Pods.</summary>
    public void Count(int created)
    {
        var job = seen.Job;
        if (Status.StartTime is null && !job.Suspended) Status.StartTime = seen.Now.ToKubernetesTime();
        var active = plan.BackingOff ? 0 : plan.Active.Count - plan.Remove.Count + created;
        if (finished is null && active == 0 && plan.Succeeded >= (job.Completions ?? 1))
            finished = JobCondition.Of(JobCondition.SuccessCriteriaMet, "CompletionsReached",
                "Reached expected number of succeeded pods", seen.Now);
        else if (finished is null && plan.Managed)
            NoteSuspension();
        Status.Active = active;
        Status.Ready = plan.Ready - plan.Remove.Count(p => p.Ready);
        Status.Terminating = plan.Terminating + plan.Remove.Count;
        Status.CountReleased(tracked);
        NoteEndedPods();
        if (job.Indexed)
        {
            Status.Succeeded = plan.SucceededIndexes.Count;
            Status.CompletedIndexes = plan.SucceededIndexes.ToString();
            Status.FailedIndexes = plan.FailedIndexes?.ToString();
        }
        if (finished?.Type is not (JobCondition.FailureTarget or JobCondition.SuccessCriteriaMet)) return;
        // The interim condition now, the final one when no Pod is left.
        Status.Ensure(finished);
        finished = JobCondition.Of(finished.Type == JobCondition.FailureTarget ? JobCondition.Failed : JobCondition.Complete,
            finished.Reason, finished.Message, seen.Now);
    }

    /// <summary>The second half, after finalizers went: the counters, and the final condition if all is done.</summary>
    public void Finish()
    {
        tracked.ExceptWith(Release.Select(p => p.Uid));
        Status.CountReleased(tracked);
        if (finished is null || Status.UncountedSucceeded.Count + Status.UncountedFailed.Count > 0 || Status.Terminating > 0) return;
        Verdict = finished;
        Status.Ensure(finished);
        if (finished.Type == JobCondition.Complete) Status.CompletionTime = finished.LastTransitionTime;
    }

    private void NoteSuspension()
    {
        var condition = seen.Job.Suspended
            ? JobCondition.Of(JobCondition.Suspended, "JobSuspended", "Job suspended", seen.Now)
            : JobCondition.Of(JobCondition.Suspended, "JobResumed", "Job resumed", seen.Now, isTrue: false);
        if (!Status.Ensure(condition)) return;
        SuspensionEvent = seen.Job.Suspended ? "Suspended" : "Resumed";
        // The time before a suspension does not count towards the deadline.
        Status.StartTime = seen.Job.Suspended ? null : seen.Now.ToKubernetesTime();
    }

    private void NoteEndedPods()
    {
        var job = seen.Job;
        // Once the Job has failed, every Pod that has not ended counts as failed.
        var over = finished is not null && finished.Type != JobCondition.SuccessCriteriaMet;
        foreach (var pod in seen.Pods.Where(p => p.Tracked && MayRelease(p)))
        {
            Release.Add(pod);
            if (Status.UncountedSucceeded.Contains(pod.Uid) || Status.UncountedFailed.Contains(pod.Uid)) continue;
            // The index itself tells that a success has been counted: no uid needed.
            if (pod.Succeeded && !job.Indexed) Status.UncountedSucceeded.Add(pod.Uid);
            else if (!pod.Succeeded && (over || job.HasFailed(pod)) && (!job.Indexed || job.IndexCounts(pod)) && job.FailureCounts(pod))
                Status.UncountedFailed.Add(pod.Uid);
        }
    }

    private bool MayRelease(Pod pod)
    {
        if (seen.Job.Deleting || finished is not null || pod.Succeeded) return true;
        if (!seen.Job.HasFailed(pod)) return false;
        return !(plan.AwaitingReplacement.TryGetValue(pod.Index, out var waiting) && waiting.Uid == pod.Uid);
    }
}
