using System.ComponentModel.DataAnnotations;

namespace LightReasoner.Api;

/// <summary>
/// Accuracy on held-out questions, one answer each (pass@1), before and after. An answer is right if the number after its last
/// <c>####</c>, or its last number, equals that of the record's answer (the GSM8K rule).
/// </summary>
public sealed record EvaluationSpec
{
    /// <summary>The questions with their answers.</summary>
    [Required]
    public DatasetSource Dataset { get; init; } = null!;

    /// <summary>Field of a record that holds the question.</summary>
    [MinLength(1), MaxLength(256)]
    public string QuestionField { get; init; } = "question";

    /// <summary>Field of a record that holds the answer.</summary>
    [MinLength(1), MaxLength(256)]
    public string AnswerField { get; init; } = "answer";

    /// <summary>Takes only the first so many questions. All where left out.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxQuestions { get; init; }

    /// <summary>Questions that are decoded at once; auto takes what the memory of the device has room for.</summary>
    public BatchSize BatchSize { get; init; } = BatchSize.Auto;

    /// <summary>How a question is put to the model.</summary>
    public PromptSpec Prompt { get; init; } = new();

    /// <summary>How the model generates.</summary>
    public GenerationSpec Generation { get; init; } = new();

    /// <summary>Block generation (RefineRun): tokens of a block, all proposed by its first forward pass.</summary>
    [Range(1, 65536)]
    public int BlockLength { get; init; } = 128;

    /// <summary>Block generation (RefineRun): forward passes over a block, the proposing one included; converge goes on until nothing changes, which gives exactly the greedy answer.</summary>
    public RefineIterations RefineIterations { get; init; } = 2;
}
