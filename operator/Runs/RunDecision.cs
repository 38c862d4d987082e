using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>What is to be done about a run.</summary>
/// <param name="Status">The run's new status.</param>
/// <param name="Actions">Changes to the cluster, in order.</param>
/// <param name="RequeueAfter">When to look again if nothing happens before; null for a run that is finished for good.</param>
internal sealed record RunDecision(RunStatus Status, IReadOnlyList<RunAction> Actions, TimeSpan? RequeueAfter);

/// <summary>One change to the cluster.</summary>
internal abstract record RunAction
{
    public sealed record CreateDocument(V1ConfigMap Document) : RunAction;

    public sealed record ReplaceDocument(V1ConfigMap Existing, V1ConfigMap Document) : RunAction;

    public sealed record CreateJob(V1Job Job) : RunAction;

    /// <summary>Foreground: the name stays taken until the last pod is gone, so that attempts never overlap.</summary>
    public sealed record DeleteJob(V1Job Job, string Why) : RunAction;

    /// <summary>Null leaves a field as it is.</summary>
    /// <param name="Job">The Job.</param>
    /// <param name="Suspend">Whether it is to stop.</param>
    /// <param name="Parallelism">Pods at once.</param>
    /// <param name="ActiveSeconds">Noted on the Job: how long it has been active, for its deadline after a resume.</param>
    /// <param name="DeadlineSeconds">What is left of the deadline: Kubernetes counts from the resume.</param>
    public sealed record PatchJob(V1Job Job, bool? Suspend, int? Parallelism, long? ActiveSeconds = null, long? DeadlineSeconds = null) : RunAction;

    public sealed record DeleteRun : RunAction;
}
