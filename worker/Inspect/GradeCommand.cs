using System.CommandLine;
using LightReasoner.Worker.Evaluation;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect grade</c>: responses or answers with the right answer, to verdicts.</summary>
internal static class GradeCommand
{
    public static Command Create()
    {
        var grader = EnumOption.Of<GraderType>("--grader", "How answers are compared.", GraderType.Math);
        var type = EnumOption.Of<PromptType>("--type", "The prompt that was answered: after cot, a next question ends the response.",
            PromptType.Qwen25MathCot);
        var command = new Command("grade",
            "Grade {\"benchmark\":…,\"response\":…,\"truth\":…} to {\"extracted\":…,\"equal\":…}, and {\"prediction\":…,\"truth\":…} to "
                + "{\"equal\":…}, one JSON object per line; "
            + "without benchmark, truth may be a whole solution") { grader, type };
        command.SetAction(parsed =>
            JsonLines.OnConsole((input, output) =>
            Run(EnumOption.Value<GraderType>(parsed.GetValue(grader)!), EnumOption.Value<PromptType>(parsed.GetValue(type)!), input,
            output)));
        return command;
    }

    public static void Run(GraderType grader, PromptType type, TextReader input, Stream output) =>
        JsonLines.Each(input, output, (line, writer) =>
    {
        var truth = Text(line, "truth");
        if (Text(line, "prediction") is { } prediction)
        {
            writer.WriteBoolean("equal",
                new AnswerGrader(grader).AreEqual(prediction, truth ?? throw new FormatException("needs 'truth'")));
        }
        else
        {
            var response = Text(line, "response") ?? throw new FormatException("needs 'response' or 'prediction'");
            var benchmark = Text(line, "benchmark") is { } name ? new Benchmark(EnumOption.Value<BenchmarkName>(name)) : null;
            var (answer, isCorrect) = new AnswerGrader(grader, benchmark, type).Grade(response, truth ?? "");
            writer.WriteString("extracted", benchmark is null ? answer : benchmark.ExtractRaw(AnswerExtraction.Cut(response, type)));
            if (truth is not null) writer.WriteBoolean("equal", isCorrect);
        }
    });

    private static string? Text(JsonElement line, string field) => line.TryGetProperty(field, out var value)
        && value.ValueKind != JsonValueKind.Null ? JsonLines.Text(value, field) : null;
}
