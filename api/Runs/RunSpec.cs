using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>What the specs of all three kinds share.</summary>
public abstract record RunSpec
{
    /// <summary>Credentials for storage. Default: the platform's workload identity.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public StorageSpec? Storage { get; init; }

    /// <summary>Where the run writes.</summary>
    [JsonPropertyOrder(10)]
    public OutputSpec? Output { get; init; }

    /// <summary>Sends metrics to a tracking server as well. A change applies to the next pod.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public TrackingSpec? Tracking { get; init; }

    /// <summary>The pod that the worker runs in. A change applies to the next pod.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public WorkerSpec Worker { get; init; } = new();

    /// <summary>true stops the run and keeps finished work; false continues it.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public bool Suspend { get; init; }

    /// <summary>Kueue LocalQueue that admits the run; empty for none.</summary>
    [Mutable, MaxLength(63), RegularExpression(Patterns.QueueName), JsonPropertyOrder(10)]
    public string QueueName { get; init; } = "";

    /// <summary>
    /// Number of times a failed attempt is repeated, per shard for a SamplingRun. Preemption, eviction and drains do not count.
    /// </summary>
    [Mutable, Range(0, 100), JsonPropertyOrder(10)]
    public int Retries { get; init; } = 3;

    /// <summary>
    /// Seconds during which the run may have working pods, retries included. Time suspended, queued or without a pod does not count.
    /// Default: no limit.
    /// </summary>
    [Mutable, Range(1, 31_536_000), JsonPropertyOrder(10)]
    public int? ActiveDeadlineSeconds { get; init; }

    /// <summary>Seconds after its end until the run is deleted; its output stays. Default: never deleted.</summary>
    [Mutable, Range(0, 31_536_000), JsonPropertyOrder(10)]
    public int? TtlSecondsAfterFinished { get; init; }

    /// <summary>Seconds to wait for a referenced run that does not exist; then the run fails.</summary>
    [Mutable, Range(0, 31_536_000), JsonPropertyOrder(10)]
    public int DependencyTimeoutSeconds { get; init; } = 3600;

    /// <summary>Runs whose output this one reads, each once.</summary>
    public abstract IEnumerable<RunReference> References();
}

/// <summary>How a question becomes the model's prompt.</summary>
public sealed record PromptSpec
{
    /// <summary>System message; empty for none. Not used with template: none.</summary>
    [MaxLength(65536)]
    public string System { get; init; } = "Please reason step by step.";

    /// <summary>auto: the tokenizer's chat template. none: the raw text, without template or system message.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Auto;
}

/// <summary>How answers are generated.</summary>
public record GenerationSpec
{
    /// <summary>Maximum number of tokens per answer.</summary>
    [Range(1, 1_048_576)]
    public virtual int MaxNewTokens { get; init; } = 128;

    /// <summary>Continues after an end-of-sequence token, up to maxNewTokens. For models without one.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Sampling temperature: logits are divided by it. 0 is greedy decoding.</summary>
    [Range(0.0, 100.0)]
    public double Temperature { get; init; }

    /// <summary>
    /// Nucleus sampling: samples from the smallest set of most likely tokens with at least this total probability. 1 for all.
    /// </summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 1;

    /// <summary>Samples from this many most likely tokens only; 0 for all.</summary>
    [Range(0, 1_000_000)]
    public int TopK { get; init; }

    /// <summary>
    /// Penalty for tokens that already occurred: positive logits are divided by it, negative ones multiplied. 1 is no penalty.
    /// </summary>
    [Range(0.01, 10.0)]
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the sampling; no effect with temperature 0.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; }
}

/// <summary>How answers are generated that will be graded. The limit is higher, because a solution that is cut off has no answer.</summary>
public sealed record EvaluationGenerationSpec : GenerationSpec
{
    /// <summary>Maximum number of tokens per answer.</summary>
    [Range(1, 1_048_576)]
    public override int MaxNewTokens { get; init; } = 1024;
}
