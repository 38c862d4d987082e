using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Metrics of contrastive sampling.</summary>
public sealed record SamplingMetrics
{
    /// <summary>Number of questions done.</summary>
    public long PromptsDone { get; init; }

    /// <summary>Number of generated tokens at which the two models were compared.</summary>
    public long StepsSeen { get; init; }

    /// <summary>Number of samples written: steps with a KL of at least beta.</summary>
    public long SamplesKept { get; init; }

    /// <summary>samplesKept divided by stepsSeen.</summary>
    [Range(0.0, 1.0)]
    public double? KeepRate { get; init; }

    /// <summary>Mean KL of the kept steps, in nats.</summary>
    public double? MeanKl { get; init; }

    /// <summary>Tokens per second that the expert generates, all shards together.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Number of answers cut off by maxNewTokens or the models' context.</summary>
    public long? AnswersCut { get; init; }

    /// <summary>Number of questions left out because their prompt does not fit into the models' context.</summary>
    public long? PromptsTooLong { get; init; }
}

/// <summary>Metrics of fine-tuning at one step.</summary>
public sealed record FineTuneMetrics
{
    /// <summary>Number of optimizer steps done.</summary>
    public long Step { get; init; }

    /// <summary>Mean KL(label ‖ model) of the step's samples, in nats.</summary>
    public double? Loss { get; init; }

    /// <summary>Learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>2-norm of the gradient before clipping.</summary>
    public double? GradNorm { get; init; }

    /// <summary>Number of samples trained on so far, including repetitions.</summary>
    public long? SamplesSeen { get; init; }

    /// <summary>Number of samples left out because they are longer than maxLength.</summary>
    public long? SamplesDropped { get; init; }

    /// <summary>Tokens per second that go through the model.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Cross entropy per response token on the validation data, in nats. The perplexity is its exponential.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy before and after training.</summary>
    public EvaluationMetrics? Evaluation { get; init; }
}

/// <summary>Metrics of refinement training at one step.</summary>
public sealed record RefineMetrics
{
    /// <summary>Number of optimizer steps done.</summary>
    public long Step { get; init; }

    /// <summary>Passes over the data so far, as a fraction.</summary>
    public double? Epoch { get; init; }

    /// <summary>Weighted sum of the losses of all passes, in nats.</summary>
    public double? LossTotal { get; init; }

    /// <summary>Mean next-token cross entropy of each pass, in nats.</summary>
    public IReadOnlyList<double>? Losses { get; init; }

    /// <summary>Mean fraction of response tokens that were replaced by EOS.</summary>
    public double? NoiseMean { get; init; }

    /// <summary>2-norm of the gradient before clipping.</summary>
    public double? GradNorm { get; init; }

    /// <summary>Learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Number of records truncated to maxLength.</summary>
    public long? RecordsCut { get; init; }

    /// <summary>Number of records left out because truncation leaves nothing of their response.</summary>
    public long? RecordsDropped { get; init; }

    /// <summary>Tokens per second that go through the model, all passes counted.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Weighted sum of the losses of all passes on the validation data, in nats.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Accuracy of block generation before and after training.</summary>
    public EvaluationMetrics? Evaluation { get; init; }
}

/// <summary>Accuracy on the same questions before and after training, with 95 % confidence intervals.</summary>
public abstract record AccuracyMetrics
{
    /// <summary>Number of questions.</summary>
    public int Questions { get; init; }

    /// <summary>Accuracy before training; with several test sets the mean over them.</summary>
    [Range(0.0, 1.0)]
    public double? Before { get; init; }

    /// <summary>Lower end of the 95 % confidence interval of before.</summary>
    [Range(0.0, 1.0)]
    public double? BeforeLow { get; init; }

    /// <summary>Upper end of the 95 % confidence interval of before.</summary>
    [Range(0.0, 1.0)]
    public double? BeforeHigh { get; init; }

    /// <summary>Accuracy after training; with several test sets the mean over them.</summary>
    [Range(0.0, 1.0)]
    public double? After { get; init; }

    /// <summary>Lower end of the 95 % confidence interval of after.</summary>
    [Range(0.0, 1.0)]
    public double? AfterLow { get; init; }

    /// <summary>Upper end of the 95 % confidence interval of after.</summary>
    [Range(0.0, 1.0)]
    public double? AfterHigh { get; init; }

    /// <summary>Lower end of the 95 % confidence interval of after minus before.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeLow { get; init; }

    /// <summary>Upper end of the 95 % confidence interval of after minus before.</summary>
    [Range(-1.0, 1.0)]
    public double? ChangeHigh { get; init; }
}

/// <summary>Accuracy on all questions of an evaluation.</summary>
public sealed record EvaluationMetrics : AccuracyMetrics
{
    /// <summary>Number of questions answered wrong before and right after.</summary>
    public int? Improved { get; init; }

    /// <summary>Number of questions answered right before and wrong after.</summary>
    public int? Worsened { get; init; }

    /// <summary>Number of answers before training that were cut off by maxNewTokens or the model's context.</summary>
    public int? CutBefore { get; init; }

    /// <summary>Number of answers after training that were cut off by maxNewTokens or the model's context.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Generated tokens per forward pass, after training.</summary>
    public double? TokensPerForward { get; init; }

    /// <summary>Accuracy on each test set, if there are several.</summary>
    [MapKey("name"), MaxLength(7)]
    public IReadOnlyList<BenchmarkMetrics>? Benchmarks { get; init; }
}

/// <summary>Accuracy on one of several test sets.</summary>
public sealed record BenchmarkMetrics : AccuracyMetrics
{
    /// <summary>Name of the test set.</summary>
    [Required]
    public BenchmarkName? Name { get; init; }
}
