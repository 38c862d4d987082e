using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Where a run is on its way.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunPhase>))]
public enum RunPhase
{
    /// <summary>Accepted; its Job does not run yet.</summary>
    Pending,

    /// <summary>Waits for a run that it refers to.</summary>
    Waiting,

    /// <summary>Waits for a Kueue queue to admit it.</summary>
    Queued,

    /// <summary>At least one pod works.</summary>
    Running,

    /// <summary>Stopped by <c>suspend: true</c>.</summary>
    Suspended,

    /// <summary>Ended well; the output is complete.</summary>
    Succeeded,

    /// <summary>Ended for good without its output; the message says why.</summary>
    Failed,
}

/// <summary>What the statuses of all three kinds share.</summary>
public abstract record RunStatus
{
    /// <summary>Where the run is on its way.</summary>
    public RunPhase? Phase { get; init; }

    /// <summary>Generation of the spec that this status speaks of.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When the first Job of the run was started.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When the run ended.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? CompletionTime { get; init; }

    /// <summary>Image of the Job that does the work.</summary>
    public string? Image { get; init; }

    /// <summary>Name of the Job that does the work.</summary>
    public string? JobName { get; init; }

    /// <summary>Folder of the run's output.</summary>
    public string? OutputUri { get; init; }

    /// <summary>One sentence for people: what is going on, or why it does not.</summary>
    public string? Message { get; init; }

    /// <summary>Ready, Reconciling and Stalled, as kstatus reads them; Complete, Failed and Suspended, as a Job has them.</summary>
    [MapKey("type")]
    public IReadOnlyList<RunCondition>? Conditions { get; init; }

    /// <summary>How far the run is.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>The parts of the run.</summary>
    public ShardCounts? Shards { get; init; }

    /// <summary>Failed attempts so far.</summary>
    public int? Retries { get; init; }

    /// <summary>Since when a run that this one refers to has not existed.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? DependencyMissingSince { get; init; }

    /// <summary>Where the outputs of the runs that this one refers to lay when it started, by kind/name.</summary>
    public IReadOnlyDictionary<string, string>? References { get; init; }

    /// <summary>Seconds that pods of the run have worked, for its deadline.</summary>
    public long? ActiveSeconds { get; init; }

    /// <summary>Since when pods of the run work, not yet counted in activeSeconds.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? ActiveSince { get; init; }

    /// <summary>How often the run was taken up again after it had finished.</summary>
    public int? Restarts { get; init; }

    /// <summary>Value of the annotation lightreasoner.io/rerun that was last seen.</summary>
    public string? Rerun { get; init; }

    /// <summary>What maxSteps, maxQuestions, totalEpochs and evaluation ask for, as far as the run has been started for it.</summary>
    public string? Extent { get; init; }
}

/// <summary>Status of a SamplingRun.</summary>
public sealed record SamplingRunStatus : RunStatus
{
    /// <summary>Figures over all shards.</summary>
    public SamplingMetrics? Metrics { get; init; }
}

/// <summary>Status of a FineTuneRun.</summary>
public sealed record FineTuneRunStatus : RunStatus
{
    /// <summary>Figures of the newest logged step.</summary>
    public FineTuneMetrics? Metrics { get; init; }
}

/// <summary>Status of a RefineRun.</summary>
public sealed record RefineRunStatus : RunStatus
{
    /// <summary>Figures of the newest logged step.</summary>
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

    /// <summary>Why, in one CamelCase word for programs (docs/troubleshooting.md lists them).</summary>
    [Required]
    public string Reason { get; init; } = null!;

    /// <summary>Why, for people.</summary>
    [Required]
    public string Message { get; init; } = null!;

    /// <summary>When the status last changed.</summary>
    [Required, JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>Generation of the spec that the condition speaks of.</summary>
    public long? ObservedGeneration { get; init; }
}

/// <summary>How far a run is.</summary>
public sealed record RunProgress
{
    /// <summary>What is counted: prompts or steps.</summary>
    [AllowedValues("prompts", "steps")]
    public string? Unit { get; init; }

    /// <summary>Units done.</summary>
    public long? Done { get; init; }

    /// <summary>Units in all.</summary>
    public long? Total { get; init; }

    /// <summary><c>done/total</c>, for <c>kubectl get</c>.</summary>
    public string? Display { get; init; }

    /// <summary>Share done, from 0 to 100.</summary>
    [Range(0, 100)]
    public int? Percent { get; init; }

    /// <summary>Units per second of late.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>When the run will end if it goes on at this rate.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? EstimatedCompletion { get; init; }

    /// <summary>When a worker last reported.</summary>
    [JsonConverter(typeof(Rfc3339TimeConverter))]
    public DateTimeOffset? LastReport { get; init; }
}

/// <summary>Counts of a run's shards by state.</summary>
public sealed record ShardCounts
{
    /// <summary>Shards in all.</summary>
    public int Total { get; init; }

    /// <summary>Shards with a pod at work.</summary>
    public int Active { get; init; }

    /// <summary>Shards that are done.</summary>
    public int Succeeded { get; init; }

    /// <summary>Shards that failed for good.</summary>
    public int Failed { get; init; }

    /// <summary>Failed attempts of the shard that has the most; retries bounds them, whatever becomes of the Job.</summary>
    public int? Retries { get; init; }
}
