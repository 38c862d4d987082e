using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Accuracy on held-out questions, one answer each (pass@1), before and after.</summary>
[CelRule("has(self.dataset) != has(self.benchmarks)", "set exactly one of dataset and benchmarks", nameof(HasOneSource))]
[CelRule("!has(self.benchmark) || has(self.dataset)", "needs dataset; several test sets are listed under benchmarks, each with its own",
    nameof(HasOneBenchmark), Field = "benchmark")]
[CelRule("!(has(self.benchmark) || has(self.benchmarks)) || !(has(self.questionField) || has(self.answerField))",
    "a benchmark's records have their own fields; leave out questionField and answerField", nameof(HasOwnFields))]
[CelRule("!has(self.grader) || !(has(self.benchmark) || has(self.benchmarks)) || self.grader in ['math', 'published']",
    "a benchmark is graded by math or published", nameof(HasFittingGrader), Field = "grader")]
public sealed record EvaluationSpec
{
    /// <summary>The questions with their answers.</summary>
    public DatasetSource? Dataset { get; init; }

    /// <summary>
    /// The test set that the dataset is: records in its published layout (or as <c>worker prepare</c> writes them), prompts and grading of
    /// the published Qwen2.5-Math evaluation.
    /// </summary>
    public BenchmarkName? Benchmark { get; init; }

    /// <summary>Several test sets, instead of dataset and benchmark.</summary>
    [MapKey("name"), MinLength(1), MaxLength(7)]
    public IReadOnlyList<BenchmarkSource>? Benchmarks { get; init; }

    /// <summary>How a benchmark's question is put to the model; where a benchmark is set, prompt has no effect.</summary>
    public PromptType PromptType { get; init; } = PromptType.Qwen25MathCot;

    /// <summary>How answers are compared. Left out: math for a benchmark, gsm8k for questions of one's own.</summary>
    public GraderType? Grader { get; init; }

    /// <summary>Field of a record that holds the question; <c>question</c> where left out.</summary>
    [MinLength(1), MaxLength(256)]
    public string? QuestionField { get; init; }

    /// <summary>Field of a record that holds the answer; <c>answer</c> where left out.</summary>
    [MinLength(1), MaxLength(256)]
    public string? AnswerField { get; init; }

    /// <summary>Takes only the first so many questions (of each test set). All where left out.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxQuestions { get; init; }

    /// <summary>Questions that are decoded at once; auto takes what the memory of the device has room for.</summary>
    public BatchSize BatchSize { get; init; } = BatchSize.Auto;

    /// <summary>How a question is put to the model.</summary>
    public PromptSpec Prompt { get; init; } = new();

    /// <summary>How the model generates.</summary>
    public EvaluationGenerationSpec Generation { get; init; } = new();

    /// <summary>Block generation (RefineRun): tokens of a block, all proposed by its first forward pass.</summary>
    [Range(1, 65536)]
    public int BlockLength { get; init; } = 128;

    /// <summary>
    /// Block generation (RefineRun): forward passes over a block, the proposing one included; converge goes on until nothing changes, which
    /// gives exactly the greedy answer.
    /// </summary>
    public RefineIterations RefineIterations { get; init; } = 2;

    /// <summary>
    /// Generation after interleaved-mask training (RefineRun): how much of a block is taken. The block is interleaved.blockSize tokens.
    /// </summary>
    public BlockDecoder Decoder { get; init; } = BlockDecoder.SelfAware;

    /// <summary>Decoder self-aware: a block ends before a token whose probability is below this.</summary>
    [Range(0.0, 1.0)]
    public double Threshold { get; init; } = 0.7;

    /// <summary>All datasets that are read.</summary>
    public IEnumerable<DatasetSource> Datasets() =>
        new[] { Dataset }.Concat(Benchmarks?.Select(set => set.Dataset) ?? []).OfType<DatasetSource>();

    internal bool HasOneSource() => Dataset is null != Benchmarks is null;
    internal bool HasOneBenchmark() => Benchmark is null || Dataset is not null;
    internal bool HasOwnFields() => (Benchmark is null && Benchmarks is null) || (QuestionField is null && AnswerField is null);
    internal bool HasFittingGrader() => (Benchmark is null && Benchmarks is null)
        || Grader is null or GraderType.Math or GraderType.Published;
}

/// <summary>One of several test sets.</summary>
public sealed record BenchmarkSource
{
    /// <summary>Which test set it is.</summary>
    [Required]
    public BenchmarkName? Name { get; init; }

    /// <summary>Its records.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;
}
