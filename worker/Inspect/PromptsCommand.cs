using System.CommandLine;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect prompts</c>: records of a benchmark to question, right answer and prompt.</summary>
internal static class PromptsCommand
{
    public static Command Create()
    {
        var benchmark = EnumOption.Of<BenchmarkName>("--benchmark", "The test set that the records are of.");
        var type = EnumOption.Of<PromptType>("--type", "The form of the prompt.", PromptType.Qwen25MathCot);
        var command = new Command("prompts",
            "Turn a benchmark's records into {\"question\":…,\"truth\":…,\"prompt\":…}, one JSON object per line") { benchmark, type };
        command.SetAction(parsed => JsonLines.OnConsole((input, output) =>
            Run(EnumOption.Value<BenchmarkName>(parsed.GetValue(benchmark)!), EnumOption.Value<PromptType>(parsed.GetValue(type)!), input,
                output)));
        return command;
    }

    public static void Run(BenchmarkName name, PromptType type, TextReader input, Stream output)
    {
        var number = 0;
        JsonLines.Each(input, output, (line, writer) =>
        {
            var problem = new Benchmark(name).Read(new DataRecord(number++, JsonLines.Tree(line), $"line {number}"));
            writer.WriteString("question", problem.Question);
            writer.WriteString("truth", problem.Truth);
            writer.WriteString("prompt", Benchmark.Prompt(problem.Question, type));
        });
    }
}
