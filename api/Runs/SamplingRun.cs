using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Lets an expert model solve questions, compares its next-token distributions with an amateur model's, and writes contrastive
/// soft labels for the steps where they disagree (LightReasoner, arXiv 2510.07962).
/// </summary>
[Resource("samplingruns", "srun")]
[PrinterColumn("Phase", ".status.phase", "string")]
[PrinterColumn("Progress", ".status.progress.display", "string")]
[PrinterColumn("Kept", ".status.metrics.samplesKept", "integer")]
[PrinterColumn("Mean-KL", ".status.metrics.meanKl", "number")]
[PrinterColumn("Tok/s", ".status.metrics.tokensPerSecond", "number")]
[PrinterColumn("Age", ".metadata.creationTimestamp", "date")]
[PrinterColumn("Keep-Rate", ".status.metrics.keepRate", "number", Priority = 1)]
[PrinterColumn("Shards", ".status.shards.succeeded", "integer", Priority = 1)]
[PrinterColumn("Retries", ".status.retries", "integer", Priority = 1)]
[PrinterColumn("Output", ".status.outputUri", "string", Priority = 1)]
[PrinterColumn("Message", ".status.message", "string", Priority = 1)]
public sealed record SamplingRun : Manifest<SamplingRunSpec, SamplingRunStatus>;

/// <summary>What is sampled, with which models, and what is kept.</summary>
[CelRule("!has(self.parallelism) || self.parallelism <= self.shards", "parallelism must be at most shards",
    nameof(ParallelismFits), Field = "parallelism")]
public sealed record SamplingRunSpec : RunSpec
{
    /// <summary>The model that answers and that is to be improved.</summary>
    [Required]
    public ModelSource Expert { get; init; } = null!;

    /// <summary>A weaker model with the same tokenizer; where it disagrees is where the expert knows something worth reinforcing.</summary>
    [Required]
    public ModelSource Amateur { get; init; } = null!;

    /// <summary>The questions.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Field of a record that holds the question.</summary>
    [MinLength(1), MaxLength(256)]
    public string QuestionField { get; init; } = "question";

    /// <summary>Field of a record that identifies the question; where a record lacks it, the question itself does.</summary>
    [MinLength(1), MaxLength(256)]
    public string IdField { get; init; } = "id";

    /// <summary>Takes only the first so many questions. All where left out.</summary>
    [Extendable(NullIsAll = true), Range(1, int.MaxValue)]
    public int? MaxQuestions { get; init; }

    /// <summary>
    /// Another run whose answers are scored, with another amateur perhaps; its expert, dataset and prompt must be this run's. Left out: the
    /// expert generates answers.
    /// </summary>
    public AnswersSource? Answers { get; init; }

    /// <summary>How a question is put to the models.</summary>
    public PromptSpec Prompt { get; init; } = new();

    /// <summary>How the expert generates.</summary>
    public GenerationSpec Generation { get; init; } = new();

    /// <summary>Which steps and tokens are kept.</summary>
    public SelectionSpec Selection { get; init; } = new();

    /// <summary>Questions that are decoded at once; auto takes what the memory of the device has room for.</summary>
    public BatchSize BatchSize { get; init; } = BatchSize.Auto;

    /// <summary>
    /// Parts that the questions are divided into (record i belongs to shard i mod shards); each is worked on by a pod of its own.
    /// </summary>
    [Range(1, 10000)]
    public int Shards { get; init; } = 1;

    /// <summary>Shards worked on at once. All where left out.</summary>
    [Mutable, Range(1, 10000)]
    public int? Parallelism { get; init; }

    /// <summary>Layout of the sample files.</summary>
    public RecordFormat Format { get; init; } = RecordFormat.Jsonl;

    /// <summary>Whether the published program's behaviour is reproduced where it affects numbers.</summary>
    public Compatibility Compatibility { get; init; } = Compatibility.Corrected;

    /// <inheritdoc/>
    public override IEnumerable<RunReference> References() =>
        new[] { Expert?.RunRef, Amateur?.RunRef, Dataset?.RunRef, Answers?.RunRef }.OfType<RunReference>().Distinct();

    internal bool ParallelismFits() => Parallelism is null || Parallelism <= Shards;
}

/// <summary>Which steps and tokens are kept (LightReasoner, section 3).</summary>
public sealed record SelectionSpec
{
    /// <summary>Plausibility: a token is in a step's label set if the expert's probability is at least alpha times its largest.</summary>
    [Range(0.0, 1.0)]
    public double Alpha { get; init; } = 0.2;

    /// <summary>A step is kept if KL(expert ‖ amateur), in nats over the whole vocabulary, is at least beta.</summary>
    [Range(0.0, 1000.0)]
    public double Beta { get; init; } = 0.4;

    /// <summary>Whether the first generated token is looked at too (the published program never does).</summary>
    public bool IncludeFirstStep { get; init; }

    /// <summary>How tokens of expert and amateur are matched.</summary>
    public VocabularyMatch Vocabulary { get; init; } = VocabularyMatch.Auto;
}

/// <summary>Where answers come from instead of the expert.</summary>
[CelRule("self.runRef.kind == 'SamplingRun'", "only a SamplingRun writes answers", nameof(RefersToSampling), Field = "runRef")]
public sealed record AnswersSource
{
    /// <summary>The SamplingRun whose answers are read.</summary>
    [Required]
    public RunReference RunRef { get; init; } = null!;

    internal bool RefersToSampling() => RunRef is null or { Kind: null or RunKind.SamplingRun };
}
