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

    /// <summary>The Job under the run's Job name, whoever owns it.</summary>
    public V1Job? Job { get; init; }

    /// <summary>The ConfigMap under the same name, whoever owns it.</summary>
    public V1ConfigMap? Document { get; init; }

    /// <summary>Pods that carry the run's uid, those of earlier Jobs included.</summary>
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];

    /// <summary>The runs that this one refers to; null for one that does not exist. Empty where they do not matter any more.</summary>
    public IReadOnlyDictionary<RunReference, ReferencedRun?> References { get; init; } = new Dictionary<RunReference, ReferencedRun?>();

    /// <summary>What is known of each shard's progress, from reports and termination messages.</summary>
    public IReadOnlyList<ShardProgress> Progress { get; init; } = [];

    /// <summary>Why the Job controller could not make pods, by its newest event; null if it could.</summary>
    public string? PodRefusal { get; init; }

    public V1Job? OwnJob => Job?.Metadata.OwnerReferences?.Any(o => o.Uid == Run.Metadata.Uid) == true ? Job : null;
}

/// <summary>As much of a referenced run as matters to the one that refers to it.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="OutputUri">Where it writes.</param>
/// <param name="Message">Its own message.</param>
/// <param name="WaitsForThis">Whether it waits, directly or through others, for the run that refers to it.</param>
internal sealed record ReferencedRun(RunPhase? Phase, string? OutputUri, string? Message, bool WaitsForThis = false);
