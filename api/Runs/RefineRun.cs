using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>
/// Trains a causal model to repair responses whose tokens were replaced by EOS, over several passes, so that it can generate
/// whole blocks of tokens per forward pass (iterative refinement SFT).
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

    /// <summary>Prompts with their responses.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Field that holds the prompt: text, or chat messages.</summary>
    [MinLength(1), MaxLength(256)]
    public string PromptField { get; init; } = "prompt";

    /// <summary>Field that holds the response: text, or chat messages.</summary>
    [MinLength(1), MaxLength(256)]
    public string ResponseField { get; init; } = "target";

    /// <summary>How a prompt that is text is put to the model. Prompts that are chat messages bring their own system message.</summary>
    public PromptSpec Prompt { get; init; } = new() { System = "" };

    /// <summary>What happens to a sequence longer than training.maxLength.</summary>
    public Truncation Truncation { get; init; } = Truncation.Right;

    /// <summary>
    /// EOS tokens that follow a response in training: a number, or full to fill up to training.maxLength as the published program does.
    /// </summary>
    public EosTail EosTail { get; init; } = EosTail.OfLength(128);

    /// <summary>How the model learns to produce blocks.</summary>
    public RefineObjective Objective { get; init; } = RefineObjective.Iterative;

    /// <summary>The refinement passes, with objective iterative.</summary>
    public IterativeSpec Iterative { get; init; } = new();

    /// <summary>The blocks, with objective interleaved.</summary>
    public InterleavedSpec Interleaved { get; init; } = new();

    /// <summary>Whether all weights or a LoRA adapter are trained.</summary>
    public TrainingMethod Method { get; init; } = TrainingMethod.Full;

    /// <summary>The adapter, with method lora.</summary>
    public LoraSpec Lora { get; init; } = new();

    /// <summary>The optimisation.</summary>
    public RefineTraining Training { get; init; } = new();

    /// <summary>Accuracy of block generation on held-out questions before and after. Left out: none is measured.</summary>
    [Mutable]
    public EvaluationSpec? Evaluation { get; init; }

    /// <summary>Held-out records whose loss is measured while training. Left out: none is.</summary>
    public ValidationSpec? Validation { get; init; }

    /// <summary>Whether the published program's behaviour is reproduced where it affects numbers.</summary>
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
    /// <summary>Passes per training step.</summary>
    [Range(1, 64)]
    public int NumIterations { get; init; } = 2;

    /// <summary>Least probability that a response token is replaced by EOS; drawn per sequence between noiseMin and noiseMax.</summary>
    [Range(0.0, 1.0)]
    public double NoiseMin { get; init; } = 0.1;

    /// <summary>Largest probability that a response token is replaced by EOS.</summary>
    [Range(0.0, 1.0)]
    public double NoiseMax { get; init; } = 0.9;

    /// <summary>Weight of each pass's loss, numIterations of them. All 1 where left out.</summary>
    [MinLength(1), MaxLength(64), Range(0.0, 1e6)]
    public IReadOnlyList<double>? LossWeights { get; init; }

    /// <summary>Weight of the loss of a pass, counted from 0.</summary>
    public double WeightOf(int pass) => LossWeights?[pass] ?? 1;

    internal bool NoiseIsOrdered() => NoiseMin <= NoiseMax;
    internal bool WeightsMatch() => LossWeights is null || LossWeights.Count == NumIterations;
}

/// <summary>Interleaved masks: every block of the response is predicted from masks that stand before it.</summary>
public sealed record InterleavedSpec
{
    /// <summary>Tokens of a block.</summary>
    [Range(1, 1024)]
    public int BlockSize { get; init; } = 4;
}

/// <summary>The optimisation of a refinement run.</summary>
[CelRule("self.batchSize * self.gradientAccumulationSteps <= 2147483647",
    "batchSize times gradientAccumulationSteps must be at most 2147483647", nameof(StepFits), Field = "gradientAccumulationSteps")]
public sealed record RefineTraining
{
    /// <summary>Longest sequence in tokens, prompt and response.</summary>
    [Range(2, 1_048_576)]
    public int MaxLength { get; init; } = 2048;

    /// <summary>Passes over the data, unless maxSteps ends the run earlier.</summary>
    [Extendable, Range(1, 1_000_000)]
    public int TotalEpochs { get; init; } = 3;

    /// <summary>Optimiser steps; ends the run instead of totalEpochs.</summary>
    [Extendable, Range(1, 100_000_000)]
    public int? MaxSteps { get; init; }

    /// <summary>Sequences per forward pass.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 2;

    /// <summary>Forward passes per optimiser step.</summary>
    [Range(1, 65536)]
    public int GradientAccumulationSteps { get; init; } = 64;

    /// <summary>Peak learning rate of AdamW.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 1e-5;

    /// <summary>AdamW's beta1 and beta2, each in [0, 1).</summary>
    [MinLength(2), MaxLength(2), Range(0.0, 1.0, MaximumIsExclusive = true)]
    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.95];

    /// <summary>Decoupled weight decay.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Share of the steps over which the learning rate rises from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; } = 0.05;

    /// <summary>Course of the learning rate after warm-up.</summary>
    public SchedulerType Scheduler { get; init; } = SchedulerType.Cosine;

    /// <summary>The gradient's 2-norm is clipped to this.</summary>
    [Range(0.0, 1e9, MinimumIsExclusive = true)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>A checkpoint is written every so many steps.</summary>
    [Range(1, 100_000_000)]
    public int SaveSteps { get; init; } = 1000;

    /// <summary>A checkpoint is also written after so many minutes without one.</summary>
    [Range(1, 10_080)]
    public int SaveMinutes { get; init; } = 10;

    /// <summary>Newest checkpoints that are kept.</summary>
    [Range(1, 1000)]
    public int SaveTotalLimit { get; init; } = 3;

    /// <summary>
    /// Metrics are written every so many steps. Left out: a hundred times in a run, and at least every ten steps.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? LoggingSteps { get; init; }

    /// <summary>Whether a restarted run goes on from its newest complete checkpoint.</summary>
    public ResumeMode Resume { get; init; } = ResumeMode.Auto;

    /// <summary>Seed of the order of records, the noise and dropout.</summary>
    [Range(0L, 9_007_199_254_740_991L)]
    public long Seed { get; init; } = 42;

    /// <summary>Recomputes activations in the backward pass: less memory, about a third more time.</summary>
    public bool GradientCheckpointing { get; init; }

    internal bool StepFits() => (long)BatchSize * GradientAccumulationSteps <= int.MaxValue;
}
