using LightReasoner.DevCluster.Json;


namespace LightReasoner.DevCluster.Jobs;

/// <summary>What came of the Pod writes of a plan.</summary>
internal readonly record struct PodsOutcome(int Removed, int RemovedReady, int Created);

/// <summary>
/// Counts ended Pods exactly once, also when the controller dies at any point. First write: the Pods' uids go into
/// uncountedTerminatedPods. Then their finalizers are removed. Second write: the uids move into the counters. A uid that is in
/// the list while its Pod has no finalizer any more was released by somebody before us and is counted at the next look.
/// </summary>
internal sealed class JobTally(JobObservation seen, JobPlan plan)
{
    /// <summary>Keeps the status small when thousands of Pods end at once; the rest follows at the next look.</summary>
    private const int MaxUncounted = 500;

    private readonly HashSet<string> tracked = [.. seen.Pods.Where(p => p.Tracked).Select(p => p.Uid)];
    private JobCondition? finished = plan.Finished;
    private bool full;

    /// <summary>The status so far; the caller replaces it by what the server answered to a write.</summary>
    public JobStatus Status { get; set; } = seen.Status;

    /// <summary>Must the status be written now?</summary>
    public bool Dirty { get; private set; }

    /// <summary>Pods whose finalizer may go once the status has been written.</summary>
    public List<Pod> Release { get; } = [];

    /// <summary>Suspended or Resumed, when this look changed it.</summary>
    public string? SuspensionEvent { get; private set; }

    /// <summary>The first half: figures, conditions, uncounted Pods.</summary>
    public void Count(PodsOutcome outcome)
    {
        var job = seen.Job;
        if (Status.StartTime is null && !job.Suspended) Status.StartTime = seen.Now.ToKubernetesTime();
        var active = plan.BackingOff ? 0 : plan.Active.Count - outcome.Removed + outcome.Created;
        if (finished is not null)
        {
            // Pods that could not be deleted must be gone before the verdict is written.
            if (outcome.Removed != plan.Active.Count) finished = null;
        }
        else if (job.Completions is { } wanted ? plan.Succeeded >= wanted && active == 0 : plan.Succeeded > 0 && active == 0)
        {
            finished = JobCondition.Of(JobCondition.SuccessCriteriaMet, "CompletionsReached",
                "Reached expected number of succeeded pods", seen.Now);
        }
        else if (plan.Managed)
        {
            NoteSuspension();
        }
        SetFigures(active, plan.Ready - outcome.RemovedReady, plan.Terminating + outcome.Removed);
        if (Status.CountReleased(tracked)) Dirty = true;
        NoteEndedPods();
        if (job.Indexed) NoteIndexes();
        NoteVerdict();
    }

    /// <summary>
    /// The second half, after finalizers went: the counters, and the final condition if all is done. Returns whether it is.
    /// </summary>
    public bool Finish(IEnumerable<string> released)
    {
        Dirty = false;
        tracked.ExceptWith(released);
        if (Status.CountReleased(tracked)) Dirty = true;
        if (full || finished is null || Status.UncountedSucceeded.Count + Status.UncountedFailed.Count > 0 || Status.Terminating > 0)
            return false;
        Status.Ensure(finished);
        if (finished.Type == JobCondition.Complete) Status.CompletionTime = finished.LastTransitionTime;
        Dirty = true;
        return true;
    }

    /// <summary>The condition that ends the Job.</summary>
    public JobCondition? Verdict => finished;

    private void NoteSuspension()
    {
        var condition = seen.Job.Suspended
            ? JobCondition.Of(JobCondition.Suspended, "JobSuspended", "Job suspended", seen.Now)
            : JobCondition.Of(JobCondition.Suspended, "JobResumed", "Job resumed", seen.Now, isTrue: false);
        if (!Status.Ensure(condition)) return;
        Dirty = true;
        SuspensionEvent = seen.Job.Suspended ? "Suspended" : "Resumed";
        // The time before a suspension does not count towards the deadline.
        Status.StartTime = seen.Job.Suspended ? null : seen.Now.ToKubernetesTime();
    }

    private void SetFigures(int active, int ready, int terminating)
    {
        if (active != Status.Active || ready != Status.Ready || terminating != Status.Terminating) Dirty = true;
        Status.Active = active;
        Status.Ready = ready;
        Status.Terminating = terminating;
    }

    private void NoteEndedPods()
    {
        var job = seen.Job;
        var newIndexes = 0;
        foreach (var pod in job.Indexed ? seen.Pods.OrderBy(p => p.Index) : seen.Pods.AsEnumerable())
        {
            if (!pod.Tracked || !MayRelease(pod)) continue;
            Release.Add(pod);
            if (pod.Succeeded && !Status.UncountedFailed.Contains(pod.Uid))
            {
                // The index itself tells that a success has been counted: no uid needed.
                if (job.Indexed)
                {
                    if (job.IndexCounts(pod) && !plan.PreviouslySucceeded.Contains(pod.Index)) newIndexes++;
                }
                else if (!Status.UncountedSucceeded.Contains(pod.Uid))
                {
                    Status.UncountedSucceeded.Add(pod.Uid);
                    Dirty = true;
                }
            }
            else if ((job.HasFailed(pod) || (finished is not null && finished.Type != JobCondition.SuccessCriteriaMet))
                && !Status.UncountedFailed.Contains(pod.Uid) && (!job.Indexed || job.IndexCounts(pod)) && job.FailureCounts(pod))
            {
                // Once the Job has failed, every Pod that has not ended counts as failed.
                Status.UncountedFailed.Add(pod.Uid);
                Dirty = true;
            }
            if (newIndexes + Status.UncountedSucceeded.Count + Status.UncountedFailed.Count < MaxUncounted) continue;
            full = true;
            break;
        }
        if (newIndexes > 0) Dirty = true;
    }

    private bool MayRelease(Pod pod)
    {
        if (seen.Job.Deleting || finished is not null || pod.Succeeded) return true;
        if (!seen.Job.HasFailed(pod)) return false;
        return !(plan.AwaitingReplacement.TryGetValue(pod.Index, out var waiting) && waiting.Uid == pod.Uid);
    }

    private void NoteIndexes()
    {
        var completed = plan.SucceededIndexes.ToString();
        var failed = plan.FailedIndexes?.ToString();
        if (completed != Status.CompletedIndexes || failed != Status.FailedIndexes) Dirty = true;
        Status.Succeeded = plan.SucceededIndexes.Count;
        Status.CompletedIndexes = completed;
        Status.FailedIndexes = failed;
    }

    /// <summary>Writes the interim condition and keeps the final one for when no Pod is left.</summary>
    private void NoteVerdict()
    {
        if (finished?.Type is not (JobCondition.FailureTarget or JobCondition.SuccessCriteriaMet)) return;
        if (Status.Ensure(finished)) Dirty = true;
        var final = finished.Type == JobCondition.FailureTarget ? JobCondition.Failed : JobCondition.Complete;
        finished = JobCondition.Of(final, finished.Reason, finished.Message, seen.Now);
    }
}
