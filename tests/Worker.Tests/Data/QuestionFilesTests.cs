using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Data;

/// <summary><c>worker prepare</c> beside what the published preparation script writes (../shared/data).</summary>
public sealed class QuestionFilesTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gsm8k", "gsm8k/raw/train-200.raw.jsonl", "gsm8k/train-200.jsonl")]
    [InlineData("gsm8k", "gsm8k/raw/test-100.raw.jsonl", "gsm8k/test-100.jsonl")]
    [InlineData("math", "math/math-50.jsonl", "math/math-50.lightreasoner.jsonl")]
    public async Task Prepare_OfThePublishedRecords_GivesThePublishedScriptsBytes(string set, string source, string expected)
    {
        var destination = Path.Combine(_folder.Path, "out.jsonl");
        await PrepareAsync(set, SharedFolder.Of($"data/{source}"), destination);
        Assert.Equal(await File.ReadAllBytesAsync(SharedFolder.Of($"data/{expected}")), await File.ReadAllBytesAsync(destination));
    }

    [Fact]
    public async Task Prepare_OfMathsFolders_ReadsOneProblemAFileAndTakesTheSubjectFromTheFolder()
    {
        foreach (var subject in new[] { "number_theory", "algebra" })
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "MATH", "train", subject)).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "1.json"), $$"""
                {
                    "problem": "{{subject}}: \u00e9 \ud83d\ude00\u007f \"1\\2\"\t",
                    "solution": "s"
                }
                """);
        }
        var destination = Path.Combine(_folder.Path, "out.jsonl");
        await PrepareAsync("math", Path.Combine(_folder.Path, "MATH"), destination);
        const string problem = "é 😀\u007f \"1\\2\"\t";
        var lines = await File.ReadAllLinesAsync(destination);
        Assert.Equal(["algebra", "number_theory"], lines.Select(line => (string)JsonNode.Parse(line)!["level"]!));
        Assert.Equal("algebra: " + problem, (string?)JsonNode.Parse(lines[0])!["id"]);
        Assert.StartsWith("{\"id\": \"algebra: \\u00e9 \\ud83d\\ude00\u007f \\\"1\\\\2\\\"\\t\", \"problem\": ", lines[0]);
    }

    /// <summary>A file that verl's own data has: a chat as the prompt, the right answer in <c>reward_model</c>.</summary>
    [Fact]
    public async Task Prepare_OfVerlsParquet_GivesItsQuestionsAndRightAnswers()
    {
        string source = SharedFolder.Of("data/parquet/realworld/verl-bfcl-example.parquet"),
            destination = Path.Combine(_folder.Path, "out.jsonl");
        JsonNode[] records = [.. (await File.ReadAllLinesAsync(source + ".expected.jsonl")).Select(line => JsonNode.Parse(line)!)];
        await PrepareAsync("math", source, destination);
        JsonNode[] questions = [.. (await File.ReadAllLinesAsync(destination)).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(5, records.Length);
        Assert.Equal(records.Select(r => ((string?)r["prompt"]![0]!["content"], $"$\\boxed{{{r["reward_model"]!["ground_truth"]}}}$")),
            questions.Select(q => ((string?)q["problem"], (string)q["solution"]!)));
    }

    [Fact]
    public async Task Prepare_OfARecordThatLacksAField_NamesItsLine()
    {
        var source = Path.Combine(_folder.Path, "in.jsonl");
        await File.WriteAllTextAsync(source, "{\"question\":\"1+1?\",\"answer\":\"2\"}\n{\"question\":\"1+2?\"}\n");
        var error = await Assert.ThrowsAsync<WorkerException>(() => PrepareAsync("gsm8k", source, Path.Combine(_folder.Path, "out.jsonl")));
        Assert.Equal($"file://{source} line 2: field 'answer' is missing (fields: question)", error.Message);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "out.jsonl")));
    }

    [Theory]
    [InlineData("svamp", """{"ID":"1","Body":"Tom has 3 pens","Question":"How many?","Answer":3.0}""", "Tom has 3 pens. How many?", "3")]
    [InlineData("asdiv", """{"body":"Tom has 3 pens.","question":"How many pens?","answer":"3 (pens)","formula":"3=3"}""",
        "Tom has 3 pens. How many pens?", "3")]
    [InlineData("minerva-math", """{"problem":"How heavy?","solution":"It is $\\boxed{3 kg}$."}""", "How heavy?", "3kg")]
    [InlineData("olympiadbench", """{"question":"Is it?","final_answer":["$True$"]}""", "Is it? (True or False)", "True")]
    [InlineData("mmlu-stem", """{"question":"1+1?","choices":["1","2","3","4"],"answer":1}""",
        "1+1?\nAnswer Choices: (A) 1 (B) 2 (C) 3 (D) 4", "B")]
    public async Task Prepare_OfABenchmark_GivesQuestionsThatItReadsAgain(string set, string record, string question, string truth)
    {
        string source = Path.Combine(_folder.Path, "in.jsonl"), destination = Path.Combine(_folder.Path, "out.jsonl");
        await File.WriteAllTextAsync(source, record);
        await PrepareAsync(set, source, destination);
        var benchmark = new Benchmark(EnumOption.Value<BenchmarkName>(set));
        Assert.Equal(new BenchmarkProblem(question, truth), benchmark.Read(await OnlyAsync(source)));
        Assert.Equal(new BenchmarkProblem(question, truth), benchmark.Read(await OnlyAsync(destination)));
        Assert.Equal(question, (await OnlyAsync(destination)).Text("id"));
    }

    [Theory]
    [InlineData("gsm8k", """{"question":"1+1?","answer":"1+1=2\n#### 2"}""", "1+1?", "1+1=2\n#### 2")]
    [InlineData("math", """{"problem":"1+1?","solution":"$\\boxed{2}$","type":"Algebra"}""", "1+1?", "$\\boxed{2}$")]
    public async Task Prepare_ForRefinement_GivesPromptsAndTargets(string set, string record, string prompt, string target)
    {
        string source = Path.Combine(_folder.Path, "in.jsonl"), destination = Path.Combine(_folder.Path, "out.jsonl");
        await File.WriteAllTextAsync(source, record);
        await PrepareAsync(set, source, destination, "--for", "refine");
        using var pairs = await Datasets.PromptResponsesAsync($"file://{destination}", null, "prompt", "target", default);
        Assert.Equal((prompt, target), ((string?)pairs[0].Prompt, (string?)pairs[0].Response));
    }

    private static async Task<DataRecord> OnlyAsync(string file) =>
        await RecordReader.ReadAsync($"file://{file}", null, default).SingleAsync();

    private static Task<int> PrepareAsync(string set, string source, string destination, params string[] more) =>
        PrepareCommand.Create().Parse([set, source, destination, .. more])
            .InvokeAsync(new System.CommandLine.InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
