namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// All that is known of a Job at the moment when it is looked at: its status as last written; all Pods it controls; its failures in a row.
/// </summary>
internal sealed record JobObservation(Job Job, JobStatus Status, IReadOnlyList<Pod> Pods, BackOff BackOff, DateTimeOffset Now);

/// <summary>What is to be done about a Job's Pods, and what was found on the way there.</summary>
internal sealed record JobPlan
{
    /// <summary>The condition that the Job is heading for; null while it goes on.</summary>
    public JobCondition? Finished { get; init; }

    /// <summary>Active Pods to delete.</summary>
    public IReadOnlyList<Pod> Remove { get; init; } = [];

    /// <summary>Take the tracking finalizer off first: a Pod that is given up does not count as a failure.</summary>
    public bool Uncounted { get; init; }

    /// <summary>Completion indexes of the Pods to create, <see cref="Pod.NoIndex"/> for a Job without.</summary>
    public IReadOnlyList<int> Create { get; init; } = [];

    /// <summary>Look again after this time though nothing happens.</summary>
    public TimeSpan? Again { get; init; }

    /// <summary>A replacement waits for its back-off; the status then shows no active Pods, as Kubernetes has it.</summary>
    public bool BackingOff { get; init; }

    /// <summary>Whether the number of Pods was brought to what is wanted (or needed no change).</summary>
    public bool Managed { get; init; }

    public required IReadOnlyList<Pod> Active { get; init; }

    public required int Ready { get; init; }

    public required int Terminating { get; init; }

    /// <summary>Successes, those not in the status yet included.</summary>
    public required int Succeeded { get; init; }

    public required BackOff BackOff { get; init; }

    public Indexes SucceededIndexes { get; init; } = Indexes.Empty;

    /// <summary>Null without per-index limits.</summary>
    public Indexes? FailedIndexes { get; init; }

    /// <summary>Failed Pods that stay tracked until their replacement has taken over the index's failure count.</summary>
    public IReadOnlyDictionary<int, Pod> AwaitingReplacement { get; init; } = new Dictionary<int, Pod>();
}
