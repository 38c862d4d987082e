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
    public static RunAction.PatchJob? Patch(V1Job job, V1Job wanted, IRunEntity run)
    {
        bool queued = run.RunSpec.QueueName.Length > 0;
        // In a queue it is Kueue that starts and stops.
        bool? suspend = queued || job.IsSuspended() == run.RunSpec.Suspend ? null : run.RunSpec.Suspend;
        int parallelism = JobTemplate.ParallelismOf(run.RunSpec);
        bool asked = Annotation(job, Labels.Parallelism) == parallelism.ToString(CultureInfo.InvariantCulture);
        bool same = asked && (queued || job.Spec.Parallelism == parallelism);
        return suspend is null && same ? null : new RunAction.PatchJob(job, suspend, same ? null : parallelism);
    }

    private static string? Annotation(V1Job job, string key) =>
        job.Metadata.Annotations?.TryGetValue(key, out string? value) == true ? value : null;
}
