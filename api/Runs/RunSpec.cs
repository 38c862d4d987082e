using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>What the specs of all three kinds share.</summary>
public abstract record RunSpec
{
    /// <summary>Credentials for storage. Left out: workload identity.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public StorageSpec? Storage { get; init; }

    /// <summary>Where the run writes.</summary>
    [JsonPropertyOrder(10)]
    public OutputSpec? Output { get; init; }

    /// <summary>Where the run's figures go besides its output and its status. A change reaches the next pod.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public TrackingSpec? Tracking { get; init; }

    /// <summary>The pod that the worker runs in. A change reaches the next pod.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public WorkerSpec Worker { get; init; } = new();

    /// <summary>Stops the run and keeps what it has finished; false goes on from there.</summary>
    [Mutable, JsonPropertyOrder(10)]
    public bool Suspend { get; init; }

    /// <summary>Kueue queue that admits the run; empty for none.</summary>
    [Mutable, MaxLength(63), RegularExpression(Patterns.QueueName), JsonPropertyOrder(10)]
    public string QueueName { get; init; } = "";

    /// <summary>Failures that are tried again (of each shard, for a SamplingRun). Preemption and drains do not count.</summary>
    [Mutable, Range(0, 100), JsonPropertyOrder(10)]
    public int Retries { get; init; } = 3;

    /// <summary>Seconds that the run may be active, retries included; time suspended or queued does not count. No limit where left out.</summary>
    [Mutable, Range(1, 31_536_000), JsonPropertyOrder(10)]
    public int? ActiveDeadlineSeconds { get; init; }

    /// <summary>Seconds after its end until the run is deleted (its output stays). Kept for ever where left out.</summary>
    [Mutable, Range(0, 31_536_000), JsonPropertyOrder(10)]
    public int? TtlSecondsAfterFinished { get; init; }

    /// <summary>Seconds that the run waits for a run that it refers to and that does not exist.</summary>
    [Mutable, Range(0, 31_536_000), JsonPropertyOrder(10)]
    public int DependencyTimeoutSeconds { get; init; } = 3600;

    /// <summary>Runs whose output this one reads, each once.</summary>
    public abstract IEnumerable<RunReference> References();
}

/// <summary>How a question is put to the model.</summary>
public sealed record PromptSpec
{
    /// <summary>System message; empty for none. Not used with template none.</summary>
    [MaxLength(65536)]
    public string System { get; init; } = "Please reason step by step.";

    /// <summary>auto takes the tokenizer's chat template; none takes the raw text.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Auto;
}

/// <summary>How answers are generated.</summary>
public record GenerationSpec
{
    /// <summary>Most tokens that are generated for a question.</summary>
    [Range(1, 1_048_576)]
    public virtual int MaxNewTokens { get; init; } = 128;

    /// <summary>Goes on after an end-of-sequence token, up to maxNewTokens; for a model that has none.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>0 is greedy decoding; above it, the logits are divided by this before sampling.</summary>
    [Range(0.0, 100.0)]
    public double Temperature { get; init; }

    /// <summary>Nucleus sampling: the smallest set of tokens with at least this probability is sampled from.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 1;

    /// <summary>Only the k most probable tokens are sampled from; 0 for all.</summary>
    [Range(0, 1_000_000)]
    public int TopK { get; init; }

    /// <summary>Logits of tokens that occurred are divided (where positive) or multiplied (where negative) by this; 1 is no penalty.</summary>
    [Range(0.01, 10.0)]
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the sampling.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; }
}

/// <summary>How answers are generated that are graded: a worked solution that is cut has no answer.</summary>
public sealed record EvaluationGenerationSpec : GenerationSpec
{
    /// <summary>Most tokens that are generated for a question.</summary>
    [Range(1, 1_048_576)]
    public override int MaxNewTokens { get; init; } = 1024;
}
