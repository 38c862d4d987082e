using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Evaluation;

/// <summary>What the model is asked, choices included, and the right answer in its normal form.</summary>
internal sealed record BenchmarkProblem(string Question, string Truth);

/// <summary>
/// A test set as the published Qwen2.5-Math evaluation treats it: how its records are laid out, how a question is put, and how an answer is
/// found in a response. Records that <c>worker prepare</c> wrote and (GSM8K, MATH) verl's are read, too.
/// </summary>
internal sealed partial class Benchmark(BenchmarkName name)
{
    private static readonly string[] VerlInstructions =
    [
        "Let's think step by step and output the final answer after \"####\".",
        "Let's think step by step and output the final answer within \\boxed{}.",
    ];

    private bool KeepsUnits => name == BenchmarkName.MinervaMath;

    /// <summary>The zero-shot prompt, as text that goes to the tokenizer as it is.</summary>
    public static string Prompt(string question, PromptType type) => type == PromptType.Cot
        ? $"Question: {question}\nAnswer:"
        : "<|im_start|>system\nPlease reason step by step, and put your final answer within "
            + $"\\boxed{{}}.<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n";

    /// <exception cref="WorkerException">A field is missing or has another form; the message names record and field.</exception>
    public BenchmarkProblem Read(DataRecord record)
    {
        record = FromVerl(record);
        var truth = Truth(record);
        var question = name switch
        {
            BenchmarkName.Svamp when Has(record, "Body") =>
                $"{(record.Text("Body").Trim() is var body && body.EndsWith('.') ? body : body + ".")} {record.Text("Question").Trim()}",
            BenchmarkName.Asdiv when Has(record, "body") => $"{record.Text("body").Trim()} {record.Text("question").Trim()}",
            BenchmarkName.MmluStem when Has(record, "choices") => $"{record.Text("question").Trim()}\nAnswer Choices: {Choices(record)}",
            _ => record.Text(Array.Find(["question", "problem", "Question", "input"], field => Has(record, field)) ?? "question"),
        };
        if (!IsPrepared(record))
        {
            question += truth.ToLowerInvariant() switch
            {
                "true" or "false" => " (True or False)",
                "yes" or "no" => " (Yes or No)",
                _ => "",
            };
        }
        return new BenchmarkProblem(question.Trim(), truth);
    }

    public async Task<IReadOnlyList<Question>> QuestionsAsync(string uri, RecordFormat? format, int? maxQuestions,
        CancellationToken cancellation) =>
        await RecordReader.ReadAsync(uri, format, cancellation).Take(maxQuestions ?? int.MaxValue)
            .Select(record => (record.Index, Problem: Read(record)))
            .Select(one => new Question(one.Index, one.Problem.Question, one.Problem.Question, one.Problem.Truth))
            .ToListAsync(cancellation);

    /// <summary>The answer in a response, ready to be compared with the truth.</summary>
    /// <param name="truth">The right answer: where it is a letter, a letter is looked for.</param>
    public string Extract(string response, string truth, PromptType type)
    {
        response = AnswerExtraction.Cut(response, type);
        if (response.Length == 0) return "";
        var answer = AnswerText.Normalize(ExtractRaw(response), KeepsUnits);
        if (truth is ['A' or 'B' or 'C' or 'D' or 'E'])
            return answer is ['A' or 'B' or 'C' or 'D' or 'E'] ? answer : AnswerExtraction.Choice(response);
        return truth.All(IsChoice) && !answer.All(IsChoice) ? string.Concat(answer.Where(IsChoice)) : answer;
    }

    /// <summary>The answer in a response, whatever the truth is.</summary>
    public string ExtractRaw(string response) => name == BenchmarkName.MmluStem
        ? AnswerExtraction.Choice(response.Remove("\u043a\u0438"))
        : AnswerExtraction.Extract(response, KeepsUnits);

    /// <summary>The truth as it is compared: the published evaluation normalizes it a second time.</summary>
    public string AtScoring(string truth) => name is BenchmarkName.Math or BenchmarkName.MinervaMath ? truth : AnswerText.Normalize(truth);

    private string Truth(DataRecord record)
    {
        if (IsPrepared(record)) return record.Text("answer");
        switch (name)
        {
            case BenchmarkName.Gsm8k:
                if (record.Text("answer").Split("####") is not [_, var number])
                    throw record.Bad("answer", "must hold one '####' with the final number behind it");
                return AnswerText.Normalize(number);
            case BenchmarkName.Math:
                return AnswerExtraction.Extract(record.Text("solution"));
            case BenchmarkName.MinervaMath:
                return AnswerExtraction.Extract(record.Text("solution"), keepUnits: true)
                    .Swap(@"\neq", @"\ne").Swap(@"\leq", @"\le").Swap(@"\geq", @"\ge");
            case BenchmarkName.Svamp:
                var answer = record.Required("Answer");
                return AnswerText.Normalize(answer.GetValueKind() == JsonValueKind.Number
                    ? NumberWords.PythonFloat(answer.GetValue<double>()) : record.Text("Answer"));
            case BenchmarkName.Asdiv:
                return AnswerText.Normalize(Parenthesis().Replace(record.Text("answer"), ""));
            case BenchmarkName.OlympiadBench:
                return record.Required("final_answer") is JsonArray { Count: > 0 } answers && answers[0] is JsonValue first
                    && first.TryGetValue(out string? text)
                    ? AnswerText.Normalize(text.Trim('$'))
                    : throw record.Bad("final_answer", "must be a list of texts");
            default:
                return record.Required("answer") is JsonValue index && index.TryGetValue(out int choice) && choice is >= 0 and <= 3
                    ? "ABCD"[choice].ToString()
                    : throw record.Bad("answer", "must be a number from 0 to 3");
        }
    }

    private static string Choices(DataRecord record) => record.Required("choices") is JsonArray { Count: 4 } choices
        ? string.Join(' ', choices.Select((choice, i) =>
            $"({"ABCD"[i]}) {(choice is JsonValue value && value.TryGetValue(out string? text) ? text : choice?.ToJsonString() ?? "None")
                .Trim()}"))
        : throw record.Bad("choices", "must list four choices");

    /// <summary>Whether a record is one of <c>worker prepare</c>: question and answer, ready to be used.</summary>
    private bool IsPrepared(DataRecord record) => Has(record, "question") && Has(record, "answer") && name switch
    {
        BenchmarkName.Svamp => !Has(record, "Body"),
        BenchmarkName.Asdiv => !Has(record, "body"),
        BenchmarkName.MinervaMath => !Has(record, "solution"),
        BenchmarkName.OlympiadBench => !Has(record, "final_answer"),
        BenchmarkName.MmluStem => !Has(record, "choices"),
        _ => false,
    };

    /// <summary>A record of verl's (a chat as prompt, the answer in <c>reward_model</c>) in the published layout; others as is.</summary>
    internal DataRecord FromVerl(DataRecord record)
    {
        if (name is not (BenchmarkName.Gsm8k or BenchmarkName.Math) || record.Fields["reward_model"] is not JsonObject reward
            || record.Fields["prompt"] is not JsonArray prompt) return record;
        var more = record.Fields["extra_info"] as JsonObject;
        var truth = reward["ground_truth"]?.ToString() ?? throw record.Bad("reward_model.ground_truth", "is missing");
        var question = more?["question"]?.ToString()
            ?? prompt.OfType<JsonObject>().LastOrDefault(message => message["role"]?.ToString() == "user")?["content"]?.ToString()
            ?? throw record.Bad("prompt", "must hold a message of the user");
        foreach (var instruction in VerlInstructions)
            if (question.EndsWith(instruction, StringComparison.Ordinal)) question = question[..^instruction.Length].TrimEnd();
        var fields = name == BenchmarkName.Gsm8k
            ? new JsonObject { ["question"] = question, ["answer"] = more?["answer"]?.ToString() ?? $"#### {truth}" }
            : new JsonObject { ["problem"] = question, ["solution"] = $@"$\boxed{{{truth}}}$", ["type"] = "math" };
        return record with { Fields = fields };
    }

    private static bool Has(DataRecord record, string field) => record.Fields[field] is not null;

    private static bool IsChoice(char c) => c is >= 'A' and <= 'E';

    [GeneratedRegex(@"\(.*?\)")]
    private static partial Regex Parenthesis();
}
