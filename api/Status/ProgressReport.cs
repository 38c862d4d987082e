using System.Text.Json.Serialization;

namespace LightReasoner.Api;

/// <summary>How the work that a report speaks of stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportOutcome>))]
public enum ReportOutcome
{
    /// <summary>Work goes on.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>The shard, or the run, is done.</summary>
    [JsonStringEnumMemberName("succeeded")] Succeeded,

    /// <summary>The attempt ended with an error.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>The attempt was told to stop and can be continued.</summary>
    [JsonStringEnumMemberName("interrupted")] Interrupted,
}

/// <summary>
/// What a worker tells the operator: POSTed now and then while it works, and written as the container's termination message at its
/// end, so that a run's result is complete although every POST was lost. At most 4096 bytes as JSON.
/// </summary>
public sealed record ProgressReport
{
    /// <summary>Largest report that is accepted, in bytes of UTF-8: the size of a termination message.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Words of the message by which a worker says what it is going to do.</summary>
    public const string PlanWords = "predicted peak memory";

    /// <summary>Kind of the run.</summary>
    public RunKind Kind { get; init; }

    /// <summary>Namespace of the run.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Name of the run.</summary>
    public string Name { get; init; } = "";

    /// <summary>Shard that the report speaks of; 0 for the kinds without shards.</summary>
    public int Shard { get; init; }

    /// <summary>Which attempt reports: the pod's uid in a cluster.</summary>
    public string Attempt { get; init; } = "";

    /// <summary>Grows by one with each report of an attempt; an older one never replaces a newer one.</summary>
    public long Sequence { get; init; }

    /// <summary>How the work stands.</summary>
    public ReportOutcome Outcome { get; init; }

    /// <summary>What is counted: prompts or steps.</summary>
    public string Unit { get; init; } = "steps";

    /// <summary>Units done, those of earlier attempts included.</summary>
    public long Done { get; init; }

    /// <summary>Units in all (of this shard).</summary>
    public long Total { get; init; }

    /// <summary>Units per second of late.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>What the worker is busy with, or why it ended.</summary>
    public string? Message { get; init; }

    /// <summary>Memory in bytes that the worker said it would need at its peak.</summary>
    public long? PredictedMemory { get; init; }

    /// <summary>Figures of a SamplingRun's shard.</summary>
    public SamplingMetrics? Sampling { get; init; }

    /// <summary>Figures of a FineTuneRun.</summary>
    public FineTuneMetrics? FineTune { get; init; }

    /// <summary>Figures of a RefineRun.</summary>
    public RefineMetrics? Refine { get; init; }
}
