using System.CommandLine;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker prepare BENCHMARK SRC DEST</c>: question files from published layouts, or prompts with targets to refine.</summary>
internal static class PrepareCommand
{
    public static Command Create() => new("prepare", "Makes question files (JSONL) from published data sets.")
    {
        Create(BenchmarkName.Gsm8k, "GSM8K: records with question and answer, or verl's.", QuestionFiles.Gsm8k),
        Create(BenchmarkName.Math, "MATH: records with problem, solution and type, or verl's.", QuestionFiles.Math),
        Create(BenchmarkName.Svamp, "SVAMP: records with Body, Question and Answer."),
        Create(BenchmarkName.Asdiv, "ASDiv: records with body, question and answer."),
        Create(BenchmarkName.MinervaMath, "Minerva: records with problem and solution."),
        Create(BenchmarkName.OlympiadBench, "OlympiadBench: records with question and final_answer."),
        Create(BenchmarkName.MmluStem, "MMLU: records with question, choices and answer."),
    };

    /// <param name="line">Makes a line as LightReasoner's own script does; question and answer where left out.</param>
    private static Command Create(BenchmarkName name, string description, Func<DataRecord, string>? line = null)
    {
        var source = new Argument<string>("src")
        {
            Description =
                "JSONL, Parquet or .json files: a path or URI with globs, or a folder (hf://datasets/openai/gsm8k/main/train-*.parquet).",
        };
        var destination = new Argument<string>("dest") { Description = "The file to write: a path or URI. An existing file is replaced." };
        var purpose = new Option<string>("--for")
        {
            Description = "questions (for SamplingRun and evaluations), or refine: prompts with worked solutions, for RefineRun.",
            DefaultValueFactory = _ => "questions",
        };
        purpose.AcceptOnlyFromAmong("questions", "refine");
        var benchmark = new Benchmark(name);
        var command = new Command(EnumOption.Name(name), description) { source, destination };
        if (line is not null) command.Options.Add(purpose);
        line ??= record => QuestionFiles.Answered(benchmark.Read(record));
        command.SetAction(async (parsed, cancellation) =>
        {
            var (store, target) = BlobUri.OpenFile(BlobUri.Absolute(parsed.GetValue(destination)!));
            using var staging = new ScratchFolder();
            await using var file = new FileStream(Path.Combine(staging.Path, "questions"), FileMode.CreateNew, FileAccess.ReadWrite);
            var refine = command.Options.Contains(purpose) && parsed.GetValue(purpose) == "refine";
            var written = 0;
            await using (var text = new StreamWriter(file, new UTF8Encoding(false), leaveOpen: true))
            {
                await foreach (var record in QuestionFiles.ReadAsync(Source(parsed.GetValue(source)!), cancellation))
                {
                    await text.WriteAsync((refine ? QuestionFiles.Refinement : line)(benchmark.FromVerl(record)));
                    written++;
                }
            }
            if (written == 0) throw new WorkerException(ExitCode.BadData, $"{parsed.GetValue(source)}: holds no records");
            file.Position = 0;
            await store.PutAsync(target, file, cancellation: cancellation);
            Console.WriteLine($"{written} records written to {store.Uri}/{target}");
            return 0;
        });
        return command;
    }

    /// <summary>A folder stands for all files in it.</summary>
    private static string Source(string given)
    {
        var uri = BlobUri.Absolute(given);
        return BlobUri.Open(uri) is DirectoryBlobStore folder && Directory.Exists(folder.Root) ? BlobUri.Join(uri, "**/*.json*") : uri;
    }
}
