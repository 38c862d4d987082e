using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Figures of contrastive sampling.</summary>
public sealed record SamplingMetrics
{
    /// <summary>Questions done.</summary>
    public long PromptsDone { get; init; }

    /// <summary>Generated tokens whose distributions were compared.</summary>
    public long StepsSeen { get; init; }

    /// <summary>Steps whose KL reached beta: the samples written.</summary>
    public long SamplesKept { get; init; }

    /// <summary>samplesKept / stepsSeen.</summary>
    [Range(0.0, 1.0)]
    public double? KeepRate { get; init; }

    /// <summary>Mean KL of the kept steps, in nats.</summary>
    public double? MeanKl { get; init; }

    /// <summary>Tokens the expert generated per second, all shards together.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Answers that a limit (maxNewTokens or the models' context) cut before their end.</summary>
    public long? AnswersCut { get; init; }

    /// <summary>Questions left out because their prompt does not fit into the models' context.</summary>
    public long? PromptsTooLong { get; init; }
}

/// <summary>Figures of fine-tuning at one step.</summary>
public sealed record FineTuneMetrics
{
    /// <summary>Optimiser steps done.</summary>
    public long Step { get; init; }

    /// <summary>Mean soft-label KL of the step's samples, in nats.</summary>
    public double? Loss { get; init; }

    /// <summary>Learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>2-norm of the gradient before clipping.</summary>
    public double? GradNorm { get; init; }

    /// <summary>Samples trained on so far, repetitions included.</summary>
    public long? SamplesSeen { get; init; }

    /// <summary>Samples left out because they are longer than maxLength.</summary>
    public long? SamplesDropped { get; init; }

    /// <summary>Tokens that went through the model per second.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Cross entropy per response token on the validation data, in nats; its exponential is the perplexity.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy before and after.</summary>
    public EvaluationMetrics? Evaluation { get; init; }
}

/// <summary>Figures of refinement training at one step.</summary>
public sealed record RefineMetrics
{
    /// <summary>Optimiser steps done.</summary>
    public long Step { get; init; }

    /// <summary>Passes over the data so far, with fraction.</summary>
    public double? Epoch { get; init; }

    /// <summary>Weighted sum of the passes' losses.</summary>
    public double? LossTotal { get; init; }

    /// <summary>Mean next-token cross entropy of each pass, in nats, first pass first.</summary>
    public IReadOnlyList<double>? Losses { get; init; }

    /// <summary>Mean share of response tokens that were noised.</summary>
    public double? NoiseMean { get; init; }

    /// <summary>2-norm of the gradient before clipping.</summary>
    public double? GradNorm { get; init; }

    /// <summary>Learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Records that maxLength cuts.</summary>
    public long? RecordsCut { get; init; }

    /// <summary>Records left out because maxLength leaves nothing of their response.</summary>
    public long? RecordsDropped { get; init; }

    /// <summary>Tokens that went through the model per second, all passes counted.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Weighted sum of the passes' losses on the validation data.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy of block generation before and after.</summary>
    public EvaluationMetrics? Evaluation { get; init; }
}

/// <summary>Accuracy on the same questions before and after training.</summary>
public sealed record EvaluationMetrics
{
    /// <summary>Questions asked.</summary>
    public int Questions { get; init; }

    /// <summary>Share answered rightly before, from 0 to 1; of several test sets the mean of their shares.</summary>
    [Range(0.0, 1.0)]
    public double? Before { get; init; }

    /// <summary>Share answered rightly after, from 0 to 1; of several test sets the mean of their shares.</summary>
    [Range(0.0, 1.0)]
    public double? After { get; init; }

    /// <summary>Lower end of the 95 % interval of the change from before to after.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeLow { get; init; }

    /// <summary>Upper end of the 95 % interval of the change from before to after.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeHigh { get; init; }

    /// <summary>Questions wrong before and right after.</summary>
    public int? Improved { get; init; }

    /// <summary>Questions right before and wrong after.</summary>
    public int? Worsened { get; init; }

    /// <summary>Answers before training that maxNewTokens, or the model's context, cut before their end.</summary>
    public int? CutBefore { get; init; }

    /// <summary>Answers after training that maxNewTokens, or the model's context, cut before their end.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Block generation after training: tokens of the answers per forward pass of the model.</summary>
    public double? TokensPerForward { get; init; }

    /// <summary>Each test set, where there are several.</summary>
    [MapKey("name"), MaxLength(7)]
    public IReadOnlyList<BenchmarkMetrics>? Benchmarks { get; init; }
}

/// <summary>Accuracy on one of several test sets.</summary>
public sealed record BenchmarkMetrics
{
    /// <summary>Which test set it is.</summary>
    [Required]
    public BenchmarkName? Name { get; init; }

    /// <summary>Questions asked.</summary>
    public int Questions { get; init; }

    /// <summary>Share answered rightly before, from 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double? Before { get; init; }

    /// <summary>Share answered rightly after, from 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double? After { get; init; }

    /// <summary>Lower end of the 95 % interval of the change.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeLow { get; init; }

    /// <summary>Upper end of the 95 % interval of the change.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeHigh { get; init; }
}
