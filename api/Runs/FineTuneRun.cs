using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Trains a LoRA adapter for the expert on the contrastive soft labels of a SamplingRun (LightReasoner, arXiv 2510.07962).
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
[CelRule("(self.objective == 'sft') == has(self.sft)", "is required with objective sft and not allowed otherwise",
    nameof(HasSftObjective), Field = "sft")]
[CelRule("self.objective != 'sft' || has(self.samples.runRef)", "objective sft trains on the answers of a SamplingRun; set runRef",
    nameof(HasAnswers), Field = "samples")]
[CelRule("self.model.dtype != 'float16'", "float16 cannot be trained: small gradients become 0 in it; use bfloat16 or float32",
    nameof(IsTrainable), Field = "model.dtype")]
public sealed record FineTuneRunSpec : RunSpec
{
    /// <summary>The model that is trained: the expert of the SamplingRun.</summary>
    [Required]
    public ModelSource Model { get; init; } = null!;

    /// <summary>
    /// The contrastive samples, usually those of a SamplingRun. With objective sft: the SamplingRun whose answers are trained on.
    /// </summary>
    [Required]
    public DatasetSource Samples { get; init; } = null!;

    /// <summary>
    /// Allows spec.model to be another model than the expert of the samples, in order to train it on that expert's labels. Without this a
    /// model with other weights is refused.
    /// </summary>
    [Mutable]
    public bool OtherExpert { get; init; }

    /// <summary>
    /// What is trained on. soft-labels: the contrastive labels (LightReasoner). sft: every token of the expert's own answers, as a control.
    /// </summary>
    public FineTuneObjective Objective { get; init; } = FineTuneObjective.SoftLabels;

    /// <summary>Which answers are trained on, with objective sft.</summary>
    public SftSpec? Sft { get; init; }

    /// <summary>The LoRA adapter.</summary>
    public LoraSpec Lora { get; init; } = new();

    /// <summary>Settings of the optimization.</summary>
    public FineTuneTraining Training { get; init; } = new();

    /// <summary>Measures accuracy on held-out questions before and after training. Default: not measured.</summary>
    [Mutable]
    public EvaluationSpec? Evaluation { get; init; }

    /// <summary>Measures perplexity on held-out texts during training. Default: not measured.</summary>
    public ValidationSpec? Validation { get; init; }

    /// <summary>
    /// corrected: our behaviour. published: reproduces the published program's results for comparisons; docs/methods.md lists the
    /// differences.
    /// </summary>
    public Compatibility Compatibility { get; init; } = Compatibility.Corrected;

    /// <summary>Also writes the merged model (base and adapter) as a Hugging Face model folder.</summary>
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
    "is required with answers: right: the SamplingRun's questions with reference answers",
    nameof(KnowsAnswers), Field = "dataset")]
[CelRule("self.answers != 'all' || !has(self.dataset)", "is not used with answers: all; remove it",
    nameof(NeedsAnswers), Field = "dataset")]
[CelRule("!has(self.grader) || !has(self.benchmark) || self.grader in ['math', 'published']", "a benchmark needs grader math or published",
    nameof(HasFittingGrader), Field = "grader")]
public sealed record SftSpec
{
    /// <summary>right: only right answers (rejection sampling), which needs dataset. all: every answer.</summary>
    public AnswerChoice Answers { get; init; } = AnswerChoice.Right;

    /// <summary>The SamplingRun's questions with reference answers: the same records in the same order.</summary>
    public DatasetSource? Dataset { get; init; }

    /// <summary>Set this if the dataset is one of these test sets: records and answers are then read in its published layout.</summary>
    public BenchmarkName? Benchmark { get; init; }

    /// <summary>Name of the record field with the question.</summary>
    [MinLength(1), MaxLength(256)]
    public string QuestionField { get; init; } = "question";

    /// <summary>Name of the record field with the reference answer.</summary>
    [MinLength(1), MaxLength(256)]
    public string AnswerField { get; init; } = "answer";

    /// <summary>
    /// How answers are compared: gsm8k (the number after ####, or the last one), math (mathematical equality), published (as the
    /// Qwen2.5-Math evaluation) or exact (same text). Default: math with benchmark, otherwise gsm8k.
    /// </summary>
    public GraderType? Grader { get; init; }

    internal bool KnowsAnswers() => Answers is not AnswerChoice.Right || Dataset is not null;
    internal bool NeedsAnswers() => Answers is not AnswerChoice.All || Dataset is null;
    internal bool HasFittingGrader() => Benchmark is null || Grader is null or GraderType.Math or GraderType.Published;
}

/// <summary>Held-out prompts with responses. They are measured and never trained on.</summary>
public sealed record ValidationSpec
{
    /// <summary>The held-out records.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Name of the record field with the prompt. Default: question (FineTuneRun), or the run's promptField (RefineRun).</summary>
    [MinLength(1), MaxLength(256)]
    public string? PromptField { get; init; }

    /// <summary>
    /// Name of the record field with the response. Default: answer (FineTuneRun), or the run's responseField (RefineRun).
    /// </summary>
    [MinLength(1), MaxLength(256)]
    public string? ResponseField { get; init; }

    /// <summary>
    /// How a text becomes the model's prompt. Default: as in the run's evaluation (FineTuneRun), or as the run's prompts (RefineRun).
    /// </summary>
    public PromptSpec? Prompt { get; init; }

    /// <summary>Uses only this many records, from the start of the dataset. Default: all.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxRecords { get; init; }

    /// <summary>Number of training steps between two measurements. The first and the last are before and after training.</summary>
    [Range(1, 100_000_000)]
    public int Steps { get; init; } = 100;
}

/// <summary>A low-rank adapter (LoRA, arXiv 2106.09685); names as in PEFT.</summary>
public sealed record LoraSpec
{
    /// <summary>Rank of the adapter's matrices.</summary>
    [Range(1, 1024)]
    public int Rank { get; init; } = 8;

    /// <summary>Scale of the adapter: its update is multiplied by alpha / rank.</summary>
    [Range(0.0, 65536.0, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 16;

    /// <summary>Probability of dropout on the adapter's input during training.</summary>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Dropout { get; init; } = 0.05;

    /// <summary>Linear layers that get an adapter, by the last part of their name.</summary>
    [Set, MinLength(1), MaxLength(7), AllowedValues("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")]
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "v_proj"];
}

/// <summary>Settings of the optimization of a FineTuneRun.</summary>
[CelRule("self.batchSize * self.gradientAccumulationSteps <= 2147483647",
    "batchSize times gradientAccumulationSteps must be at most 2147483647", nameof(StepFits), Field = "gradientAccumulationSteps")]
public sealed record FineTuneTraining : ITrainingSpec
{
    /// <summary>Number of optimizer steps. May be raised later to continue a run.</summary>
    [Extendable, Range(1, 100_000_000)]
    public int MaxSteps { get; init; } = 1000;

    /// <summary>Number of sequences per forward pass. A step takes batchSize times gradientAccumulationSteps samples.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 8;

    /// <summary>Number of forward passes per optimizer step.</summary>
    [Range(1, 65536)]
    public int GradientAccumulationSteps { get; init; } = 2;

    /// <summary>Peak learning rate of AdamW, reached after warm-up.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>Learning rate after warm-up: linear or cosine decay to 0 at the last step, or constant.</summary>
    public SchedulerType Scheduler { get; init; } = SchedulerType.Linear;

    /// <summary>Fraction of all steps used for warm-up, in which the learning rate rises linearly from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; }

    /// <summary>Decoupled weight decay of AdamW; 0 for none.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; }

    /// <summary>The gradient is scaled down to this 2-norm if it is larger.</summary>
    [Range(0.0, 1e9, MinimumIsExclusive = true)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>beta1 and beta2 of AdamW.</summary>
    [MinLength(2), MaxLength(2), Range(0.0, 1.0, MaximumIsExclusive = true)]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.999];

    /// <summary>Longest sequence in tokens. Longer samples are left out and counted.</summary>
    [Range(1, 1_048_576)]
    public int MaxLength { get; init; } = 512;

    /// <summary>Number of steps between two checkpoints.</summary>
    [Range(1, 100_000_000)]
    public int SaveSteps { get; init; } = 200;

    /// <summary>A checkpoint is also written after this many minutes without one.</summary>
    [Range(1, 10_080)]
    public int SaveMinutes { get; init; } = 10;

    /// <summary>Number of checkpoints that are kept; older ones are deleted.</summary>
    [Range(1, 1000)]
    public int SaveTotalLimit { get; init; } = 2;

    /// <summary>Number of steps between two lines of metrics. Default: a hundredth of the run's steps, at most 10.</summary>
    [Range(1, 1_000_000)]
    public int? LoggingSteps { get; init; }

    /// <summary>Seed of the order of samples, of the adapter's initial weights and of dropout.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; } = 42;

    /// <summary>
    /// prompt: samples of the same question share a forward pass, with the same gradient and far less work. none: one sequence per sample.
    /// </summary>
    public SamplePacking Packing { get; init; } = SamplePacking.Prompt;

    /// <summary>Recomputes activations in the backward pass, which takes less memory and about a third more time.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>auto: a restarted pod continues from the newest complete checkpoint. disable: it starts again at step 0.</summary>
    public ResumeMode Resume { get; init; } = ResumeMode.Auto;

    internal bool StepFits() => (long)BatchSize * GradientAccumulationSteps <= int.MaxValue;
}
