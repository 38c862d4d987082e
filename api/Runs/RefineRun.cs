using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Trains a causal model to restore responses in which tokens were replaced by EOS, in several passes, so that it generates whole blocks of
/// tokens per forward pass (iterative refinement SFT).
/// </summary>
[Resource("refineruns", "rrun")]
[PrinterColumn("Phase", ".status.phase", "string")]
[PrinterColumn("Step", ".status.progress.display", "string")]
[PrinterColumn("Loss", ".status.metrics.lossTotal", "number")]
[PrinterColumn("Before", ".status.metrics.evaluation.before", "number")]
[PrinterColumn("After", ".status.metrics.evaluation.after", "number")]
[PrinterColumn("Age", ".metadata.creationTimestamp", "date")]
[PrinterColumn("Tok/Fwd", ".status.metrics.evaluation.tokensPerForward", "number", Priority = 1)]
[PrinterColumn("LR", ".status.metrics.learningRate", "number", Priority = 1)]
[PrinterColumn("Retries", ".status.retries", "integer", Priority = 1)]
[PrinterColumn("Output", ".status.outputUri", "string", Priority = 1)]
[PrinterColumn("Message", ".status.message", "string", Priority = 1)]
public sealed record RefineRun : Manifest<RefineRunSpec, RefineRunStatus>;

/// <summary>What is trained, on which prompts and responses, and how.</summary>
[CelRule("self.model.dtype != 'float16'", "float16 cannot be trained: small gradients become 0 in it; use bfloat16 or float32",
    nameof(IsTrainable), Field = "model.dtype")]
public sealed record RefineRunSpec : RunSpec
{
    /// <summary>The model that is trained.</summary>
    [Required]
    public ModelSource Model { get; init; } = null!;

    /// <summary>Prompts with responses, one pair per record.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Name of the record field with the prompt: text or chat messages.</summary>
    [MinLength(1), MaxLength(256)]
    public string PromptField { get; init; } = "prompt";

    /// <summary>Name of the record field with the response: text or chat messages.</summary>
    [MinLength(1), MaxLength(256)]
    public string ResponseField { get; init; } = "target";

    /// <summary>How a text becomes the model's prompt. Chat messages have their own system message.</summary>
    public PromptSpec Prompt { get; init; } = new() { System = "" };

    /// <summary>
    /// What happens to a sequence longer than training.maxLength. right: the end is cut off. left: the start is cut off. error: the run
    /// fails and names the record.
    /// </summary>
    public Truncation Truncation { get; init; } = Truncation.Right;

    /// <summary>
    /// Number of EOS tokens after a response in training, from 1 to 1048576. full: up to training.maxLength, as in the published program.
    /// </summary>
    public EosTail EosTail { get; init; } = EosTail.OfLength(128);

    /// <summary>
    /// Training objective. iterative: restore a noised response in several passes. interleaved: predict the next block from masks before
    /// it.
    /// </summary>
    public RefineObjective Objective { get; init; } = RefineObjective.Iterative;

    /// <summary>Passes and noise, with objective iterative.</summary>
    public IterativeSpec Iterative { get; init; } = new();

    /// <summary>Blocks, with objective interleaved.</summary>
    public InterleavedSpec Interleaved { get; init; } = new();

    /// <summary>What is trained. full: all weights. lora: a LoRA adapter, with frozen base weights.</summary>
    public TrainingMethod Method { get; init; } = TrainingMethod.Full;

    /// <summary>The LoRA adapter, with method lora.</summary>
    public LoraSpec Lora { get; init; } = new();

    /// <summary>Settings of the optimization.</summary>
    public RefineTraining Training { get; init; } = new();

    /// <summary>Measures accuracy of block generation on held-out questions before and after training. Default: not measured.</summary>
    [Mutable]
    public EvaluationSpec? Evaluation { get; init; }

    /// <summary>Measures the loss on held-out records during training. Default: not measured.</summary>
    public ValidationSpec? Validation { get; init; }

    /// <summary>
    /// corrected: our behaviour. published: reproduces the published program's results for comparisons; docs/methods.md lists the
    /// differences.
    /// </summary>
    public Compatibility Compatibility { get; init; } = Compatibility.Corrected;

    /// <inheritdoc/>
    public override IEnumerable<RunReference> References() =>
        new[] { Model?.RunRef, Dataset?.RunRef, Validation?.Dataset?.RunRef }.Concat(Evaluation?.Datasets()
            .Select(dataset => dataset.RunRef) ?? []).OfType<RunReference>().Distinct();

    internal bool IsTrainable() => Model?.Dtype is not WeightType.Float16;
}

/// <summary>Noise and passes of iterative refinement.</summary>
[CelRule("self.noiseMin <= self.noiseMax", "noiseMin must be at most noiseMax", nameof(NoiseIsOrdered), Field = "noiseMin")]
[CelRule("!has(self.lossWeights) || size(self.lossWeights) == self.numIterations", "lossWeights must have numIterations entries",
    nameof(WeightsMatch), Field = "lossWeights")]
public sealed record IterativeSpec
{
    /// <summary>Number of refinement passes per training step.</summary>
    [Range(1, 64)]
    public int NumIterations { get; init; } = 2;

    /// <summary>
    /// Lower end of the noise level, the probability that a response token is replaced by EOS. Each sequence draws its level uniformly
    /// between noiseMin and noiseMax.
    /// </summary>
    [Range(0.0, 1.0)]
    public double NoiseMin { get; init; } = 0.1;

    /// <summary>Upper end of the noise level.</summary>
    [Range(0.0, 1.0)]
    public double NoiseMax { get; init; } = 0.9;

    /// <summary>Weight of the loss of each pass; numIterations entries. Default: all 1.</summary>
    [MinLength(1), MaxLength(64), Range(0.0, 1e6)]
    public IReadOnlyList<double>? LossWeights { get; init; }

    /// <summary>Weight of the loss of a pass, counted from 0.</summary>
    public double WeightOf(int pass) => LossWeights?[pass] ?? 1;

    internal bool NoiseIsOrdered() => NoiseMin <= NoiseMax;
    internal bool WeightsMatch() => LossWeights is null || LossWeights.Count == NumIterations;
}

/// <summary>Interleaved masks: each block of the response is predicted from masks placed before it.</summary>
public sealed record InterleavedSpec
{
    /// <summary>Number of tokens in a block.</summary>
    [Range(1, 1024)]
    public int BlockSize { get; init; } = 4;
}

/// <summary>Settings of the optimization of a RefineRun.</summary>
[CelRule("self.batchSize * self.gradientAccumulationSteps <= 2147483647",
    "batchSize times gradientAccumulationSteps must be at most 2147483647", nameof(StepFits), Field = "gradientAccumulationSteps")]
public sealed record RefineTraining : ITrainingSpec
{
    /// <summary>Longest sequence in tokens, prompt and response together. spec.truncation says what happens to longer ones.</summary>
    [Range(2, 1_048_576)]
    public int MaxLength { get; init; } = 2048;

    /// <summary>Number of passes over the data, unless maxSteps is set. May be raised later to continue a run.</summary>
    [Extendable, Range(1, 1_000_000)]
    public int TotalEpochs { get; init; } = 3;

    /// <summary>Number of optimizer steps, instead of totalEpochs. May be raised later to continue a run.</summary>
    [Extendable, Range(1, 100_000_000)]
    public int? MaxSteps { get; init; }

    /// <summary>Number of sequences per forward pass.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 2;

    /// <summary>Number of micro batches per optimizer step.</summary>
    [Range(1, 65536)]
    public int GradientAccumulationSteps { get; init; } = 64;

    /// <summary>Peak learning rate of AdamW, reached after warm-up.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 1e-5;

    /// <summary>beta1 and beta2 of AdamW.</summary>
    [MinLength(2), MaxLength(2), Range(0.0, 1.0, MaximumIsExclusive = true)]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.95];

    /// <summary>Decoupled weight decay of AdamW; 0 for none.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Fraction of all steps used for warm-up, in which the learning rate rises linearly from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; } = 0.05;

    /// <summary>Learning rate after warm-up: linear or cosine decay to 0 at the last step, or constant.</summary>
    public SchedulerType Scheduler { get; init; } = SchedulerType.Cosine;

    /// <summary>The gradient is scaled down to this 2-norm if it is larger.</summary>
    [Range(0.0, 1e9, MinimumIsExclusive = true)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Number of steps between two checkpoints.</summary>
    [Range(1, 100_000_000)]
    public int SaveSteps { get; init; } = 1000;

    /// <summary>A checkpoint is also written after this many minutes without one.</summary>
    [Range(1, 10_080)]
    public int SaveMinutes { get; init; } = 10;

    /// <summary>Number of checkpoints that are kept; older ones are deleted.</summary>
    [Range(1, 1000)]
    public int SaveTotalLimit { get; init; } = 3;

    /// <summary>Number of steps between two lines of metrics. Default: a hundredth of the run's steps, at most 10.</summary>
    [Range(1, 1_000_000)]
    public int? LoggingSteps { get; init; }

    /// <summary>auto: a restarted pod continues from the newest complete checkpoint. disable: it starts again at step 0.</summary>
    public ResumeMode Resume { get; init; } = ResumeMode.Auto;

    /// <summary>Seed of the order of records, of the noise and of dropout.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; } = 42;

    /// <summary>Recomputes activations in the backward pass, which takes less memory and about a third more time.</summary>
    public bool GradientCheckpointing { get; init; }

    internal bool StepFits() => (long)BatchSize * GradientAccumulationSteps <= int.MaxValue;
}
