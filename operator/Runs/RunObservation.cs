using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>All that a decision about a run depends on, read at one time.</summary>
internal sealed record RunObservation
{
    public required IRunEntity Run { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>The run's Job.</summary>
    public V1Job? Job { get; init; }

    /// <summary>A Job of an earlier run of the same name, which goes with that run.</summary>
    public V1Job? EarlierJob { get; init; }

    /// <summary>Pods of the run's name, those of earlier Jobs and of earlier runs included.</summary>
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];

    /// <summary>The runs that this one refers to; null for one that does not exist.</summary>
    public IReadOnlyDictionary<RunReference, ReferencedRun?> References { get; init; } = new Dictionary<RunReference, ReferencedRun?>();

    /// <summary>What is known of each shard's progress, from reports and termination messages.</summary>
    public IReadOnlyList<ShardProgress> Progress { get; init; } = [];

    /// <summary>Why the Job controller cannot make pods, by its newest event; null if it can.</summary>
    public string? PodRefusal { get; init; }

    /// <summary>Whether the run's namespace is being deleted, where it matters.</summary>
    public bool NamespaceIsTerminating { get; init; }

    /// <summary>Pods of the run's Job.</summary>
    public IEnumerable<V1Pod> OwnPods => Job is { } job ? Pods.Where(pod => pod.IsOwnedBy(job)) : [];

    /// <summary>Seconds that pods of the run have worked.</summary>
    public double ActiveSeconds => (Run.RunStatus.ActiveSeconds ?? 0) + (Run.RunStatus.ActiveSince is { } since
        ? Math.Max(0, (Now - since).TotalSeconds) : 0);
}

/// <summary>As much of a referenced run as matters to the one that refers to it.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="OutputUri">Where it writes.</param>
/// <param name="Message">Its own message.</param>
/// <param name="WaitsForThis">Whether it waits, directly or through others, for the run that refers to it.</param>
internal sealed record ReferencedRun(RunPhase? Phase, string? OutputUri, string? Message, bool WaitsForThis = false);
