using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Phase of a run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunPhase>))]
public enum RunPhase
{
    /// <summary>Accepted; no pod is working yet.</summary>
    Pending,

    /// <summary>Waits for a run that it refers to.</summary>
    Waiting,

    /// <summary>Waits for admission by Kueue.</summary>
    Queued,

    /// <summary>At least one pod is working.</summary>
    Running,

    /// <summary>Stopped by <c>suspend: true</c>.</summary>
    Suspended,

    /// <summary>Finished; the output is complete.</summary>
    Succeeded,

    /// <summary>Finished without complete output; the message says why.</summary>
    Failed,
}

/// <summary>What the statuses of all three kinds share.</summary>
public abstract record RunStatus
{
    /// <summary>Phase of the run.</summary>
    public RunPhase? Phase { get; init; }

    /// <summary>Generation of the spec that this status describes.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Time when the run's first Job was created.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Time when the run finished.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? CompletionTime { get; init; }

    /// <summary>Container image of the run's Job.</summary>
    public string? Image { get; init; }

    /// <summary>Name of the run's Job.</summary>
    public string? JobName { get; init; }

    /// <summary>URI of the run's output folder.</summary>
    public string? OutputUri { get; init; }

    /// <summary>What the run is doing, or why it is not working, in one sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Conditions: Ready, Reconciling and Stalled as kstatus defines them; Complete, Failed and Suspended as on a Job.</summary>
    [MapKey("type")]
    public IReadOnlyList<RunCondition>? Conditions { get; init; }

    /// <summary>Progress of the run.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>Shards of the run by state.</summary>
    public ShardCounts? Shards { get; init; }

    /// <summary>Number of failed attempts so far.</summary>
    public int? Retries { get; init; }

    /// <summary>Time since which a referenced run has not existed.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? DependencyMissingSince { get; init; }

    /// <summary>Output folders of the referenced runs when this run started, by kind/name.</summary>
    public IReadOnlyDictionary<string, string>? References { get; init; }

    /// <summary>Seconds that the run's pods have worked, for activeDeadlineSeconds.</summary>
    public long? ActiveSeconds { get; init; }

    /// <summary>Time since which pods have been working; not yet counted in activeSeconds.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? ActiveSince { get; init; }

    /// <summary>Number of times the run was continued after it had finished.</summary>
    public int? Restarts { get; init; }

    /// <summary>Last seen value of the annotation lightreasoner.io/rerun.</summary>
    public string? Rerun { get; init; }

    /// <summary>Values of maxSteps, maxQuestions, totalEpochs and evaluation that the run was last started with.</summary>
    public string? Extent { get; init; }
}

/// <summary>Status of a SamplingRun.</summary>
public sealed record SamplingRunStatus : RunStatus
{
    /// <summary>Metrics over all shards.</summary>
    public SamplingMetrics? Metrics { get; init; }
}

/// <summary>Status of a FineTuneRun.</summary>
public sealed record FineTuneRunStatus : RunStatus
{
    /// <summary>Metrics of the latest logged step.</summary>
    public FineTuneMetrics? Metrics { get; init; }
}

/// <summary>Status of a RefineRun.</summary>
public sealed record RefineRunStatus : RunStatus
{
    /// <summary>Metrics of the latest logged step.</summary>
    public RefineMetrics? Metrics { get; init; }
}

/// <summary>A condition by the conventions of the Kubernetes API.</summary>
public sealed record RunCondition
{
    /// <summary>Ready, Reconciling, Stalled, Complete, Failed or Suspended.</summary>
    [Required]
    public string Type { get; init; } = null!;

    /// <summary>True, False or Unknown.</summary>
    [Required, AllowedValues("True", "False", "Unknown")]
    public string Status { get; init; } = null!;

    /// <summary>Reason as one CamelCase word, for programs; docs/troubleshooting.md lists them.</summary>
    [Required]
    public string Reason { get; init; } = null!;

    /// <summary>Reason as a sentence, for people.</summary>
    [Required]
    public string Message { get; init; } = null!;

    /// <summary>Time when status last changed.</summary>
    [Required, JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>Generation of the spec that the condition describes.</summary>
    public long? ObservedGeneration { get; init; }
}

/// <summary>Progress of a run.</summary>
public sealed record RunProgress
{
    /// <summary>What is counted: prompts (SamplingRun) or steps.</summary>
    [AllowedValues("prompts", "steps")]
    public string? Unit { get; init; }

    /// <summary>Number of units done.</summary>
    public long? Done { get; init; }

    /// <summary>Number of units in total.</summary>
    public long? Total { get; init; }

    /// <summary><c>done/total</c>, for <c>kubectl get</c>.</summary>
    public string? Display { get; init; }

    /// <summary>Percentage done.</summary>
    [Range(0, 100)]
    public int? Percent { get; init; }

    /// <summary>Current rate in units per second.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Estimated time of completion at the current rate.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? EstimatedCompletion { get; init; }

    /// <summary>Time of the latest report from a worker.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? LastReport { get; init; }
}

/// <summary>Counts of a run's shards by state.</summary>
public sealed record ShardCounts
{
    /// <summary>Total number of shards.</summary>
    public int Total { get; init; }

    /// <summary>Number of shards with a working pod.</summary>
    public int Active { get; init; }

    /// <summary>Number of finished shards.</summary>
    public int Succeeded { get; init; }

    /// <summary>Number of shards that failed after all retries.</summary>
    public int Failed { get; init; }

    /// <summary>Failed attempts of the shard with the most; spec.retries is the limit.</summary>
    public int? Retries { get; init; }
}
