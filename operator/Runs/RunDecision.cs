using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.Operator.Runs;

/// <summary>What is to be done about a run.</summary>
/// <param name="Status">The run's new status.</param>
/// <param name="Actions">Changes to the cluster, in order.</param>
/// <param name="RequeueAfter">When to look again if nothing happens before; null if only what happens can change anything.</param>
internal sealed record RunDecision(RunStatus Status, IReadOnlyList<RunAction> Actions, TimeSpan? RequeueAfter);

/// <summary>One change to the cluster.</summary>
internal abstract record RunAction
{
    public sealed record CreateJob(JsonObject Body) : RunAction
    {
        public V1Job Job => KubernetesJson.Deserialize<V1Job>(Body.ToJsonString());
    }

    /// <summary>In the foreground the name stays taken until the last pod is gone, so that attempts never overlap.</summary>
    /// <param name="Job">The Job.</param>
    /// <param name="Why">Why, for the log.</param>
    /// <param name="Foreground">Whether its pods go first.</param>
    public sealed record DeleteJob(V1Job Job, string Why, bool Foreground = true) : RunAction;

    /// <summary>Null leaves a field as it is.</summary>
    /// <param name="Job">The Job.</param>
    /// <param name="Suspend">Whether it is to stop.</param>
    /// <param name="Parallelism">Pods at once.</param>
    /// <param name="TimeToLive">Seconds after which an ended Job goes.</param>
    public sealed record PatchJob(V1Job Job, bool? Suspend, int? Parallelism, int? TimeToLive = null) : RunAction;

    public sealed record DeleteRun : RunAction;
}
