using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Trains a LoRA adapter of the expert on the contrastive soft labels of a SamplingRun (LightReasoner, arXiv 2510.07962).
/// </summary>
[Resource("finetuneruns", "ftrun")]
[PrinterColumn("Phase", ".status.phase", "string")]
[PrinterColumn("Step", ".status.progress.display", "string")]
[PrinterColumn("Loss", ".status.metrics.loss", "number")]
[PrinterColumn("Before", ".status.metrics.evaluation.before", "number")]
[PrinterColumn("After", ".status.metrics.evaluation.after", "number")]
[PrinterColumn("Age", ".metadata.creationTimestamp", "date")]
[PrinterColumn("LR", ".status.metrics.learningRate", "number", Priority = 1)]
[PrinterColumn("Tok/s", ".status.metrics.tokensPerSecond", "number", Priority = 1)]
[PrinterColumn("Retries", ".status.retries", "integer", Priority = 1)]
[PrinterColumn("Output", ".status.outputUri", "string", Priority = 1)]
[PrinterColumn("Message", ".status.message", "string", Priority = 1)]
public sealed record FineTuneRun : Manifest<FineTuneRunSpec, FineTuneRunStatus>;

/// <summary>What is trained, on which samples, and how.</summary>
[CelRule("(self.objective == 'sft') == has(self.sft)", "goes with objective sft, and only with it", nameof(HasSftObjective), Field = "sft")]
[CelRule("self.objective != 'sft' || has(self.samples.runRef)", "objective sft learns the answers of a SamplingRun; set runRef",
    nameof(HasAnswers), Field = "samples")]
[CelRule("self.model.dtype != 'float16'", "float16 cannot be trained: small gradients become 0 in it; use bfloat16 or float32",
    nameof(IsTrainable), Field = "model.dtype")]
public sealed record FineTuneRunSpec : RunSpec
{
    /// <summary>The expert that the samples were made with.</summary>
    [Required]
    public ModelSource Model { get; init; } = null!;

    /// <summary>
    /// The contrastive samples, as a rule those of a SamplingRun; with objective sft the SamplingRun whose answers are learned.
    /// </summary>
    [Required]
    public DatasetSource Samples { get; init; } = null!;

    /// <summary>
    /// Whether the model may be another one than the expert that the samples name, to learn from it; refused otherwise where the weights
    /// differ.
    /// </summary>
    [Mutable]
    public bool OtherExpert { get; init; }

    /// <summary>What is learned: LightReasoner's labels, or as a control the expert's own answers.</summary>
    public FineTuneObjective Objective { get; init; } = FineTuneObjective.SoftLabels;

    /// <summary>The answers, with objective sft.</summary>
    public SftSpec? Sft { get; init; }

    /// <summary>The adapter.</summary>
    public LoraSpec Lora { get; init; } = new();

    /// <summary>The optimisation.</summary>
    public FineTuneTraining Training { get; init; } = new();

    /// <summary>Accuracy on held-out questions before and after. Left out: none is measured.</summary>
    [Mutable]
    public EvaluationSpec? Evaluation { get; init; }

    /// <summary>Held-out texts whose perplexity is measured while training. Left out: none is.</summary>
    public ValidationSpec? Validation { get; init; }

    /// <summary>Whether the published program's behaviour is reproduced where it affects numbers.</summary>
    public Compatibility Compatibility { get; init; } = Compatibility.Corrected;

    /// <summary>Also writes base and adapter, merged, as a Hugging Face model folder.</summary>
    public bool Merge { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<RunReference> References() =>
        new[] { Model?.RunRef, Samples?.RunRef, Sft?.Dataset?.RunRef,
            Validation?.Dataset?.RunRef }.Concat(Evaluation?.Datasets().Select(dataset => dataset.RunRef) ?? [])
            .OfType<RunReference>().Distinct();

    internal bool IsTrainable() => Model?.Dtype is not WeightType.Float16;
    internal bool HasSftObjective() => Objective is FineTuneObjective.Sft == Sft is not null;
    internal bool HasAnswers() => Objective is not FineTuneObjective.Sft || Samples?.RunRef is not null;
}

/// <summary>Which answers of a SamplingRun are learned with objective sft.</summary>
[CelRule("self.answers != 'right' || has(self.dataset)",
    "is required where answers is right: the questions that the SamplingRun answered, with the right answers",
    nameof(KnowsAnswers), Field = "dataset")]
[CelRule("self.answers != 'all' || !has(self.dataset)", "has no effect where answers is all; leave it out",
    nameof(NeedsAnswers), Field = "dataset")]
[CelRule("!has(self.grader) || !has(self.benchmark) || self.grader in ['math', 'published']", "a benchmark is graded by math or published",
    nameof(HasFittingGrader), Field = "grader")]
public sealed record SftSpec
{
    /// <summary>Right ones only (rejection sampling), or all.</summary>
    public AnswerChoice Answers { get; init; } = AnswerChoice.Right;

    /// <summary>The questions that the SamplingRun answered, with the right answers: the same records in the same order.</summary>
    public DatasetSource? Dataset { get; init; }

    /// <summary>The test set that the dataset is, if it is one; its records and its rules of finding an answer hold then.</summary>
    public BenchmarkName? Benchmark { get; init; }

    /// <summary>Field of a record that holds the question.</summary>
    [MinLength(1), MaxLength(256)]
    public string QuestionField { get; init; } = "question";

    /// <summary>Field of a record that holds the right answer.</summary>
    [MinLength(1), MaxLength(256)]
    public string AnswerField { get; init; } = "answer";

    /// <summary>How answers are compared. Left out: math for a benchmark, gsm8k for questions of one's own.</summary>
    public GraderType? Grader { get; init; }

    internal bool KnowsAnswers() => Answers is not AnswerChoice.Right || Dataset is not null;
    internal bool NeedsAnswers() => Answers is not AnswerChoice.All || Dataset is null;
    internal bool HasFittingGrader() => Benchmark is null || Grader is null or GraderType.Math or GraderType.Published;
}

/// <summary>Held-out prompts with their responses, which are measured and never trained on.</summary>
public sealed record ValidationSpec
{
    /// <summary>The records.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Field that holds the prompt. Left out: question (FineTuneRun), the run's promptField (RefineRun).</summary>
    [MinLength(1), MaxLength(256)]
    public string? PromptField { get; init; }

    /// <summary>Field that holds the response. Left out: answer (FineTuneRun), the run's responseField (RefineRun).</summary>
    [MinLength(1), MaxLength(256)]
    public string? ResponseField { get; init; }

    /// <summary>
    /// How a prompt that is text is put to the model. Left out: as in the evaluation (FineTuneRun), as the run's prompts are (RefineRun).
    /// </summary>
    public PromptSpec? Prompt { get; init; }

    /// <summary>Takes only the first so many records. All where left out.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxRecords { get; init; }

    /// <summary>Measured before the first step, after every so many steps, and after the last.</summary>
    [Range(1, 100_000_000)]
    public int Steps { get; init; } = 100;
}

/// <summary>A low-rank adapter (LoRA, arXiv 2106.09685); names as in PEFT.</summary>
public sealed record LoraSpec
{
    /// <summary>Rank of the update.</summary>
    [Range(1, 1024)]
    public int Rank { get; init; } = 8;

    /// <summary>The update is scaled by alpha / rank.</summary>
    [Range(0.0, 65536.0, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 16;

    /// <summary>Dropout on the adapter's input while training.</summary>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Dropout { get; init; } = 0.05;

    /// <summary>Linear layers that get an adapter, by the last part of their name.</summary>
    [Set, MinLength(1), MaxLength(7), AllowedValues("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")]
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "v_proj"];
}

/// <summary>The optimisation of a fine-tuning run.</summary>
[CelRule("self.batchSize * self.gradientAccumulationSteps <= 2147483647",
    "batchSize times gradientAccumulationSteps must be at most 2147483647", nameof(StepFits), Field = "gradientAccumulationSteps")]
public sealed record FineTuneTraining
{
    /// <summary>Optimiser steps.</summary>
    [Extendable, Range(1, 100_000_000)]
    public int MaxSteps { get; init; } = 1000;

    /// <summary>Samples per forward pass.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 8;

    /// <summary>Forward passes per optimiser step.</summary>
    [Range(1, 65536)]
    public int GradientAccumulationSteps { get; init; } = 2;

    /// <summary>Peak learning rate of AdamW.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>Course of the learning rate after warm-up.</summary>
    public SchedulerType Scheduler { get; init; } = SchedulerType.Linear;

    /// <summary>Share of the steps over which the learning rate rises from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; }

    /// <summary>The gradient's 2-norm is clipped to this.</summary>
    [Range(0.0, 1e9, MinimumIsExclusive = true)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>AdamW's beta1 and beta2, each in [0, 1).</summary>
    [MinLength(2), MaxLength(2), Range(0.0, 1.0, MaximumIsExclusive = true)]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.999];

    /// <summary>Longest sequence in tokens; a longer sample is dropped and counted.</summary>
    [Range(1, 1_048_576)]
    public int MaxLength { get; init; } = 512;

    /// <summary>A checkpoint is written every so many steps.</summary>
    [Range(1, 100_000_000)]
    public int SaveSteps { get; init; } = 200;

    /// <summary>A checkpoint is also written after so many minutes without one.</summary>
    [Range(1, 10_080)]
    public int SaveMinutes { get; init; } = 10;

    /// <summary>Newest checkpoints that are kept.</summary>
    [Range(1, 1000)]
    public int SaveTotalLimit { get; init; } = 2;

    /// <summary>
    /// Metrics are written every so many steps. Left out: a hundred times in a run, and at least every ten steps.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? LoggingSteps { get; init; }

    /// <summary>Seed of the order of samples, the adapter's start and dropout.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; } = 42;

    /// <summary>Whether the kept steps of one question share a forward pass.</summary>
    public SamplePacking Packing { get; init; } = SamplePacking.Prompt;

    /// <summary>Recomputes activations in the backward pass: less memory, about a third more time.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>Whether a restarted run goes on from its newest complete checkpoint.</summary>
    public ResumeMode Resume { get; init; } = ResumeMode.Auto;

    internal bool StepFits() => (long)BatchSize * GradientAccumulationSteps <= int.MaxValue;
}
