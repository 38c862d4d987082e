using System.Globalization;
using k8s.Models;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>How the Job that exists is brought to what the run asks for.</summary>
internal static class JobPlan
{
    /// <summary>Seconds that the Job of a finished run, with its pods and their logs, is kept.</summary>
    public const int TimeToLive = 3600;

    /// <summary>Why the Job has to be made anew; null if it can stay.</summary>
    public static string? WhyReplace(RunObservation o, V1Job job)
    {
        // Kueue would start a Job again that is suspended behind its back, and would go on holding its quota.
        if (o.Run.RunSpec.Suspend && RunMarks.Queue(o.Run).Length > 0) return "the run is suspended and leaves the queue";
        // A pod at work is never taken away for the sake of a new template.
        var idle = !o.OwnPods.Any(PodState.IsWorking)
            && o.OwnPods.Count(pod => pod.Status?.Phase == "Succeeded") < JobTemplate.ShardsOf(o.Run.RunSpec);
        return idle && IsOutdated(o.Run, job) ? "the spec has changed" : null;
    }

    /// <summary>
    /// Whether the run's spec asks for another Job. What the operator itself would do otherwise today (another default image, say) leaves
    /// Jobs alone.
    /// </summary>
    public static bool IsOutdated(IRunEntity run, V1Job job) => job.Annotation(Labels.SpecHash) is { } hash && hash != SpecHash.Of(run);

    /// <summary>Whether the Job was made before the run was last asked to go on.</summary>
    public static bool IsOfEarlierLife(IRunEntity run, V1Job job) => job.Number(Labels.Restarts) != (run.RunStatus.Restarts ?? 0);

    /// <summary>Changes to fields that Kubernetes lets us change; null for none.</summary>
    public static RunAction.PatchJob? Patch(V1Job job, IRunEntity run)
    {
        var queued = RunMarks.Queue(run).Length > 0;
        // In a queue it is Kueue that starts and stops.
        bool? suspend = queued || job.IsSuspended() == run.RunSpec.Suspend ? null : run.RunSpec.Suspend;
        var parallelism = JobTemplate.ParallelismOf(run.RunSpec);
        var asked = job.Annotation(Labels.Parallelism) == parallelism.ToString(CultureInfo.InvariantCulture);
        var same = asked && (queued || job.Spec.Parallelism == parallelism);
        return suspend is null && same ? null : new RunAction.PatchJob(job, suspend, same ? null : parallelism);
    }
}
