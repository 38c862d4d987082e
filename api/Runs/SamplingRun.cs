using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Lets an expert model answer questions, compares its next-token distributions with those of a weaker amateur model, and writes
/// contrastive soft labels for the steps where they disagree (LightReasoner, arXiv 2510.07962).
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
    /// <summary>The expert: the model that answers the questions, and that a FineTuneRun then improves.</summary>
    [Required]
    public ModelSource Expert { get; init; } = null!;

    /// <summary>
    /// The amateur: a weaker model whose tokenizer has at least 80 % of the expert's tokens. Steps where the two models disagree become
    /// training samples.
    /// </summary>
    [Required]
    public ModelSource Amateur { get; init; } = null!;

    /// <summary>The questions, one per record.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Name of the record field with the question.</summary>
    [MinLength(1), MaxLength(256)]
    public string QuestionField { get; init; } = "question";

    /// <summary>
    /// Name of the record field with a unique id of the question. For a record without this field the question's text is the id.
    /// </summary>
    [MinLength(1), MaxLength(256)]
    public string IdField { get; init; } = "id";

    /// <summary>Uses only this many questions, from the start of the dataset. Default: all.</summary>
    [Extendable(NullIsAll = true), Range(1, int.MaxValue)]
    public int? MaxQuestions { get; init; }

    /// <summary>
    /// Scores the answers of another SamplingRun again, for example with another amateur, instead of generating answers. That run must have
    /// the same expert, dataset and prompt.
    /// </summary>
    public AnswersSource? Answers { get; init; }

    /// <summary>How a question becomes the prompt of both models.</summary>
    public PromptSpec Prompt { get; init; } = new();

    /// <summary>How the expert generates answers.</summary>
    public GenerationSpec Generation { get; init; } = new();

    /// <summary>Which steps of the answers become samples, and which tokens their labels have.</summary>
    public SelectionSpec Selection { get; init; } = new();

    /// <summary>Number of questions that are decoded together, from 1 to 65536. auto: as many as fit into the device's memory.</summary>
    public BatchSize BatchSize { get; init; } = BatchSize.Auto;

    /// <summary>
    /// Number of parts that the questions are divided into. Each part is done by its own pod; record i belongs to shard i mod shards.
    /// </summary>
    [Range(1, 10000)]
    public int Shards { get; init; } = 1;

    /// <summary>Number of shards that run at the same time; at most shards. Default: all.</summary>
    [Mutable, Range(1, 10000)]
    public int? Parallelism { get; init; }

    /// <summary>Format of the sample files.</summary>
    public RecordFormat Format { get; init; } = RecordFormat.Jsonl;

    /// <summary>
    /// corrected: our behaviour. published: reproduces the published program's results for comparisons; docs/methods.md lists the
    /// differences.
    /// </summary>
    public Compatibility Compatibility { get; init; } = Compatibility.Corrected;

    /// <inheritdoc/>
    public override IEnumerable<RunReference> References() =>
        new[] { Expert?.RunRef, Amateur?.RunRef, Dataset?.RunRef, Answers?.RunRef }.OfType<RunReference>().Distinct();

    internal bool ParallelismFits() => Parallelism is null || Parallelism <= Shards;
}

/// <summary>Which steps and tokens are kept (LightReasoner, section 3).</summary>
public sealed record SelectionSpec
{
    /// <summary>
    /// Plausibility threshold α. The label of a step contains the tokens with an expert probability of at least alpha times that of the
    /// most likely token. 0 takes all tokens, 1 only the most likely one.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Alpha { get; init; } = 0.2;

    /// <summary>
    /// Selection threshold β, in nats. A step is kept if KL(expert ‖ amateur) over the vocabulary is at least beta. 0 keeps every step.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Beta { get; init; } = 0.4;

    /// <summary>Also compares the first token of an answer, which the published program skips.</summary>
    public bool IncludeFirstStep { get; init; }

    /// <summary>
    /// How tokens of expert and amateur are matched. auto: by id if the tokenizers agree on the ids, otherwise by spelling. ids: always by
    /// id.
    /// </summary>
    public VocabularyMatch Vocabulary { get; init; } = VocabularyMatch.Auto;
}

/// <summary>Where the answers come from if the expert does not generate them.</summary>
[CelRule("self.runRef.kind == 'SamplingRun'", "only a SamplingRun writes answers", nameof(RefersToSampling), Field = "runRef")]
public sealed record AnswersSource
{
    /// <summary>The SamplingRun whose answers are used.</summary>
    [Required]
    public RunReference RunRef { get; init; } = null!;

    internal bool RefersToSampling() => RunRef is null or { Kind: null or RunKind.SamplingRun };
}
