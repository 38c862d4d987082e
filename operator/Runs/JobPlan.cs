using System.Globalization;
using k8s.Models;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>How the Job that exists is brought to the Job that is wanted.</summary>
internal static class JobPlan
{
    /// <summary>Why the Job has to be made anew; null if it can stay.</summary>
    public static string? WhyReplace(V1Job job, V1Job wanted, IRunEntity run)
    {
        // Kueue would start a Job again that is suspended behind its back, and would go on holding its quota.
        if (run.RunSpec.Suspend && run.RunSpec.QueueName.Length > 0) return "the run is suspended and gives its place in the queue back";
        if (Annotation(job, Labels.TemplateHash) == Annotation(wanted, Labels.TemplateHash)) return null;
        // A running pod is never taken away for the sake of a new template (say, the image of a newer operator).
        bool idle = job.IsSuspended() && (job.Status?.Active ?? 0) == 0 && (job.Status?.Terminating ?? 0) == 0;
        bool unstarted = run.RunStatus.StartTime is null && job.StartedAt() is null;
        return idle || unstarted ? "the spec has changed" : null;
    }

    /// <summary>Changes to fields that Kubernetes lets us change; null for none.</summary>
    public static RunAction.PatchJob? Patch(V1Job job, IRunEntity run, DateTimeOffset now)
    {
        bool queued = run.RunSpec.QueueName.Length > 0;
        // In a queue it is Kueue that starts and stops.
        bool? suspend = queued || job.IsSuspended() == run.RunSpec.Suspend ? null : run.RunSpec.Suspend;
        int parallelism = JobTemplate.ParallelismOf(run.RunSpec);
        bool asked = Annotation(job, Labels.Parallelism) == parallelism.ToString(CultureInfo.InvariantCulture);
        bool same = asked && (queued || job.Spec.Parallelism == parallelism);
        if (suspend is null && same) return null;

        var patch = new RunAction.PatchJob(job, suspend, same ? null : parallelism);
        if (run.RunSpec.ActiveDeadlineSeconds is not { } deadline || suspend is null) return patch;
        long active = ActiveSeconds(job);
        return suspend.Value
            ? patch with { ActiveSeconds = active + (job.StartedAt() is { } start ? Math.Max(0, (long)(now - start).TotalSeconds) : 0) }
            : patch with { DeadlineSeconds = Math.Max(1, deadline - active) };
    }

    private static long ActiveSeconds(V1Job job) =>
        long.TryParse(Annotation(job, Labels.ActiveSeconds), CultureInfo.InvariantCulture, out long seconds) ? seconds : 0;

    private static string? Annotation(V1Job job, string key) =>
        job.Metadata.Annotations?.TryGetValue(key, out string? value) == true ? value : null;
}
