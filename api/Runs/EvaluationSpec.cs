using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Accuracy on held-out questions before and after training, with one answer per question (pass@1).</summary>
[CelRule("has(self.dataset) != has(self.benchmarks)", "set exactly one of dataset and benchmarks", nameof(HasOneSource))]
[CelRule("!has(self.benchmark) || has(self.dataset)", "needs dataset; to evaluate several test sets use benchmarks",
    nameof(HasOneBenchmark), Field = "benchmark")]
[CelRule("!(has(self.benchmark) || has(self.benchmarks)) || !(has(self.questionField) || has(self.answerField))",
    "questionField and answerField are not allowed with a benchmark, whose records have their own fields", nameof(HasOwnFields))]
[CelRule("!has(self.grader) || !(has(self.benchmark) || has(self.benchmarks)) || self.grader in ['math', 'published']",
    "a benchmark needs grader math or published", nameof(HasFittingGrader), Field = "grader")]
public sealed record EvaluationSpec
{
    /// <summary>Questions with reference answers, one pair per record. Set either this or benchmarks.</summary>
    public DatasetSource? Dataset { get; init; }

    /// <summary>
    /// Set this if the dataset is one of these test sets. Records are then read in its published layout (or as <c>worker prepare</c> writes
    /// them), with prompts and grading of the published Qwen2.5-Math evaluation.
    /// </summary>
    public BenchmarkName? Benchmark { get; init; }

    /// <summary>Several test sets, instead of dataset and benchmark. Accuracy is the mean over them.</summary>
    [MapKey("name"), MinLength(1), MaxLength(7)]
    public IReadOnlyList<BenchmarkSource>? Benchmarks { get; init; }

    /// <summary>
    /// Prompt of a benchmark's question; replaces prompt. qwen25-math-cot: Qwen2.5-Math's chat, which asks for \boxed{}. cot: plain text
    /// for base models.
    /// </summary>
    public PromptType PromptType { get; init; } = PromptType.Qwen25MathCot;

    /// <summary>
    /// How answers are compared: gsm8k (the number after ####, or the last one), math (mathematical equality), published (as the
    /// Qwen2.5-Math evaluation) or exact (same text). Default: math with benchmark or benchmarks, otherwise gsm8k.
    /// </summary>
    public GraderType? Grader { get; init; }

    /// <summary>Name of the record field with the question. Default: question. Not allowed with benchmark or benchmarks.</summary>
    [MinLength(1), MaxLength(256)]
    public string? QuestionField { get; init; }

    /// <summary>Name of the record field with the reference answer. Default: answer. Not allowed with benchmark or benchmarks.</summary>
    [MinLength(1), MaxLength(256)]
    public string? AnswerField { get; init; }

    /// <summary>Uses only this many questions, from the start of each test set. Default: all.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxQuestions { get; init; }

    /// <summary>Number of questions that are decoded together, from 1 to 65536. auto: as many as fit into the device's memory.</summary>
    public BatchSize BatchSize { get; init; } = BatchSize.Auto;

    /// <summary>How a question becomes the model's prompt. Not used with benchmark or benchmarks.</summary>
    public PromptSpec Prompt { get; init; } = new();

    /// <summary>How the model generates answers.</summary>
    public EvaluationGenerationSpec Generation { get; init; } = new();

    /// <summary>RefineRun, objective iterative: number of tokens in a block, all proposed by the block's first forward pass.</summary>
    [Range(1, 65536)]
    public int BlockLength { get; init; } = 128;

    /// <summary>
    /// RefineRun, objective iterative: number of forward passes per block, including the first, from 1 to 1000. converge: until nothing
    /// changes, which gives exactly the greedy answer.
    /// </summary>
    public RefineIterations RefineIterations { get; init; } = 2;

    /// <summary>
    /// RefineRun, objective interleaved: how many tokens of a predicted block are taken. blockwise: all. self-aware: those before the first
    /// one that is below threshold or repeats the token before it.
    /// </summary>
    public BlockDecoder Decoder { get; init; } = BlockDecoder.SelfAware;

    /// <summary>RefineRun, decoder self-aware: a block ends before a token with a probability below this.</summary>
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
    /// <summary>Name of the test set.</summary>
    [Required]
    public BenchmarkName? Name { get; init; }

    /// <summary>Records of the test set.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;
}
