using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Inputs;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>
/// Data sets as people have them, through <c>worker run</c> and <c>worker evaluate</c>: read, or refused with file and line, and never done
/// over nothing.
/// </summary>
public sealed class DatasetCaseTests : IDisposable
{
    private const string Question = "Max has 5 keys. How many keys does Max have now?";

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"id": "e", "question": ""}""", "is empty")]
    [InlineData("""{"id": "e", "question": " \n\t"}""", "is empty")]
    [InlineData("""{"id": "e", "question": null}""", "is null")]
    [InlineData("""{"id": "e"}""", "is missing")]
    [InlineData("""{"id": "e", "question": []}""", "must be text")]
    [InlineData("""{"id": "e", "question": [{"role": "user", "content": "x"}]}""", "must be text")]
    [InlineData("""{"id": "", "question": "x"}""", "field 'id' is empty")]
    [InlineData("""{"id": "e", "question": "€€"}""", "no tokens that the tokenizer knows")]
    [InlineData("""[{"id": "e", "question": "x"}]""", "must be a JSON object, was Array")]
    public async Task Sampling_OfAQuestionThatIsNone_NamesItsLine(string line, string reason)
    {
        var file = Write("q.jsonl", $$"""
            {"id": "a", "question": "{{Question}}"}
            {{line}}

            """);
        AssertRefused(await SampleAsync(file), $"{file} line 2: ", reason);
    }

    [Theory]
    [InlineData("q.jsonl", "")]
    [InlineData("q.jsonl", "\n")]
    [InlineData("q.jsonl", "\uFEFF\r\n  \n")]
    [InlineData("q.jsonl.gz", "")]
    public async Task Runs_OverNothing_Fail(string name, string content)
    {
        var file = Write(name, content);
        AssertRefused(await SampleAsync(file), file, "holds no questions");
        AssertRefused(await EvaluateAsync(file), file, "holds no questions");
        AssertRefused(await RefineAsync(file), file, "holds no records");
        AssertRefused(await FineTuneAsync(file), file, "holds no samples");
        AssertRefused(await RefineAsync(Record("1 + 1 =", "\"2\""), $"spec.evaluation={{dataset: {{uri: 'file://{file}'}}}}"),
            file, "holds no questions");
    }

    [Fact]
    public async Task Sampling_OfAParquetFileWithoutRows_Fails()
    {
        var file = _folder["q.parquet"];
        using (var writer = new ParquetSharp.ParquetFileWriter(file, [new ParquetSharp.Column<string>("question")])) writer.Close();
        AssertRefused(await SampleAsync(file), file, "holds no questions");
    }

    [Fact]
    public async Task Sampling_ThatKeepsNothing_Fails() =>
        AssertRefused(await SampleAsync(Write("q.jsonl", $$"""{"id": "a", "question": "{{Question}}"}"""), "spec.selection.beta=1000"),
        "none of the ", "spec.selection.beta (1000)");

    [Theory]
    [InlineData("""{"question": "1 + 1 =", "answer": ""}""", "field 'answer' is empty")]
    [InlineData("""{"question": "1 + 1 ="}""", "field 'answer' is missing")]
    [InlineData("""{"question": "1 + 1 =", "answer": "two"}""", "do not fit")]
    [InlineData("""{"question": "", "answer": "2"}""", "field 'question' is empty")]
    public async Task Evaluation_OfAnAnswerThatIsNone_NamesItsLine(string line, string reason)
    {
        var file = Write("test.jsonl", $$"""
            {"question": "1 + 1 =", "answer": "2"}
            {{line}}

            """);
        AssertRefused(await EvaluateAsync(file), $"{file} line 2: ", reason);
    }

    [Theory]
    [InlineData("test.jsonl.gz")]
    [InlineData("TEST.JSONL.GZ")]
    [InlineData("test.JSONL")]
    [InlineData("compressed.jsonl")] // by its content
    [InlineData("plain.jsonl.gz")] // is not compressed
    [InlineData("two-members.gz")]
    public async Task Evaluation_OfACompressedFile_IsThatOfItsContent(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Examples, "data", "test.jsonl"))[..4];
        string plain = Write("expected.jsonl", string.Join('\n', lines) + "\n"), file = _folder[name];
        var text = File.ReadAllBytes(plain);
        if (name == "two-members.gz") File.WriteAllBytes(file, [.. OddFiles.Gzip(text[..100]), .. OddFiles.Gzip(text[100..])]);
        else File.WriteAllBytes(file, name.StartsWith("plain", StringComparison.Ordinal)
            || name.EndsWith(".JSONL", StringComparison.Ordinal) ? text : OddFiles.Gzip(text));
        var (code, output, errors) = await EvaluateAsync(file);
        Assert.True(code == 0, errors);
        Assert.Equal((await EvaluateAsync(plain)).Output, output);
        Assert.Equal(4, (int)JsonNode.Parse(output)!["questions"]!);
    }

    [Theory]
    [InlineData("cut.jsonl.gz", "gzip data is damaged or cut off")]
    [InlineData("cut-at-the-end.jsonl.gz", "gzip data is damaged or cut off")]
    [InlineData("flipped.jsonl.gz", "gzip data is damaged or cut off")]
    [InlineData("q.parquet.gz", "unpack it")]
    [InlineData("q.zst", "compressed with zstd")]
    [InlineData("q.zip", "zip archive")]
    [InlineData("q.xz", "compressed with xz")]
    [InlineData("utf16.jsonl", "UTF-16")]
    [InlineData("page.jsonl", "HTML page")]
    [InlineData("pointer.jsonl", "Git LFS")]
    public async Task Evaluation_OfAFileThatCannotBeRead_SaysWhatItIs(string name, string reason)
    {
        byte[] text = [.. Enumerable.Range(0, 400)
            .SelectMany(i => Encoding.UTF8.GetBytes($$"""{"question": "{{i * 7919 % 1009}} + 1 =", "answer": "{{i * 31 % 97}}"}"""
            + "\n"))], packed = OddFiles.Gzip(text);
        byte[] content = name switch
        {
            "cut.jsonl.gz" => packed[..(packed.Length / 2)],
            "cut-at-the-end.jsonl.gz" => packed[..^1],
            "flipped.jsonl.gz" => [.. packed[..^6], (byte)~packed[^6], .. packed[^5..]],
            "q.zst" => [0x28, 0xB5, 0x2F, 0xFD, 0, 1, 2],
            "q.zip" => [.. "PK"u8, 3, 4, 0, 0],
            "q.xz" => [0xFD, .. "7zXZ"u8, 0],
            "utf16.jsonl" => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")],
            "page.jsonl" => [.. "<!doctype html><html>"u8],
            "pointer.jsonl" => [.. "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"u8],
            _ => packed,
        };
        var file = _folder[name];
        File.WriteAllBytes(file, content);
        AssertRefused(await EvaluateAsync(file), file, reason);
    }

    [Theory]
    [InlineData("""[{"role": "assistant", "content": "\n 5 + 4 = 9"}]""")]
    [InlineData("""{"role": "assistant", "content": "\n 5 + 4 = 9"}""")]
    [InlineData("""{"content": "\n 5 + 4 = 9"}""")]
    [InlineData("""[{"role": "assistant", "content": [{"type": "text", "text": "\n 5 + 4"}, {"type": "text", "text": " = 9"}]}]""")]
    [InlineData("""[{"type": "text", "text": "\n 5 + 4 = 9"}]""")]
    [InlineData("""[{"from": "gpt", "value": "\n 5 + 4 = 9"}]""")]
    [InlineData("""["\n 5 + 4 = 9"]""")]
    [InlineData("""{"from": "gpt", "value": [{"type": "text", "text": "\n 5 + 4 = 9"}]}""")]
    public async Task Refinement_OfAResponseInAnyForm_IsThatOfItsText(string response)
    {
        (int code, _, string errors) = await RefineAsync(Record(Question, """ "\n 5 + 4 = 9" """), "spec.training.maxSteps=1",
            "spec.training.loggingSteps=1");
        Assert.True(code == 0, errors);
        var expected = Loss();
        (code, _, errors) = await RefineAsync(Record(Question, response), "spec.training.maxSteps=1", "spec.training.loggingSteps=1");
        Assert.True(code == 0, errors);
        Assert.Equal(expected, Loss());

        double Loss() => (double)JsonNode.Parse(File.ReadAllLines(Path.Combine(_folder["out"], "metrics.jsonl"))[^1])!["lossTotal"]!;
    }

    [Theory]
    [InlineData("null", "is null")]
    [InlineData("\"\"", "is empty")]
    [InlineData("\" \"", "is empty")]
    [InlineData("[]", "is empty")]
    [InlineData("[null]", "must be")]
    [InlineData("7", "must be text")]
    [InlineData("""[{"role": "assistant", "content": null}]""", "must be text, was null")]
    [InlineData("""[{"role": "assistant", "content": ""}]""", "is empty")]
    [InlineData("""[{"role": "assistant", "content": []}]""", "is empty")]
    [InlineData("""[{"role": "assistant"}]""", "must be text, was null")]
    [InlineData("""[{"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]""", "must be a part")]
    [InlineData("""[{"role": "assistant", "content": ["x"]}]""", "must be a part")]
    [InlineData("""[{"role": "assistant", "content": {"text": "x"}}]""", "must be text")]
    [InlineData("""[{"role": "user", "content": "x"}]""", "must be the assistant's message")]
    [InlineData("""[{"role": "assistant", "content": "x"}, {"role": "assistant", "content": "y"}]""", "2 messages")]
    [InlineData("""[{"from": "gpt", "value": null}]""", "must be text")]
    [InlineData("""["x", "y"]""", "2 messages")]
    [InlineData("\"€€\"", "the response has no tokens that the tokenizer knows")]
    public async Task Refinement_OfAResponseThatIsNone_NamesItsLine(string response, string reason)
    {
        var good = File.ReadAllText(Record(Question, "\"2\""));
        var file = Record(Question, response);
        File.WriteAllText(file, good + File.ReadAllText(file));
        AssertRefused(await RefineAsync(file), $"{file} line 2: ", reason);
    }

    [Fact]
    public async Task Refinement_OfARecordThatIsTooLong_NamesItsLine()
    {
        string good = File.ReadAllText(Record("Max", "\"2\"")), file = Record(Question, "\"2\"");
        File.WriteAllText(file, good + File.ReadAllText(file));
        AssertRefused(await RefineAsync(file, "spec.truncation=error", "spec.training.maxLength=8"),
            $"{file} line 2: prompt and response have ", "more than maxLength (8)");
    }

    [Theory]
    [InlineData("\"\"", "is empty")]
    [InlineData("[]", "is empty")]
    [InlineData("""[{"role": "user", "content": null}]""", "field 'prompt[0].content' must be text, was null")]
    [InlineData("""[{"role": "user", "content": " "}]""", "is empty")]
    [InlineData("""[{"content": "x"}]""", "must be a chat message with role and content")]
    [InlineData("""[{"from": "human", "value": ""}]""", "is empty")]
    [InlineData("""[{"from": "tool", "value": "x"}]""", "must be a chat message with role and content")]
    [InlineData("""["x"]""", "must be a chat message")]
    [InlineData("\"€€\"", "the prompt has no tokens that the tokenizer knows")]
    public async Task Refinement_OfAPromptThatIsNone_NamesItsLine(string prompt, string reason)
    {
        var file = Write("d.jsonl", $$"""{"prompt": {{prompt}}, "target": "2"}""");
        AssertRefused(await RefineAsync(file), $"{file} line 1: ", reason);
    }

    [Theory]
    [InlineData("token_ids", "[5, 79]", "token id 79, and the model knows 79 tokens")]
    [InlineData("token_ids", "[-1, 5]", "token id -1, and the model knows 79 tokens")]
    [InlineData("token_ids", "[5, 2147483648]", "token_ids")]
    [InlineData("token_ids", "[5]", "of the same length")]
    [InlineData("token_ids", "null", "token_ids")]
    [InlineData("tokens", "null", "tokens")]
    [InlineData("tokens", "[null]", "tokens")]
    [InlineData("weights", "[0, 0]", "not all 0")]
    [InlineData("weights", "[1, -0.5]", "not negative")]
    [InlineData("weights", "[1e999, 1]", "weights")]
    [InlineData("prefix_ids", "[5, 100000]", "token id 100000, and the model knows 79 tokens")]
    [InlineData("prefix_ids", "[]", "the prefix has no tokens")]
    [InlineData("prompt_id", "null", "prompt_id")]
    [InlineData("step", "\"x\"", "step")]
    public async Task FineTuning_OfASampleThatIsNone_NamesItsLine(string field, string value, string reason)
    {
        var sample = new JsonObject
        {
            ["prompt_id"] = "q",
            ["step"] = 1,
            ["prefix"] = "a",
            ["tokens"] = new JsonArray("a", "b"),
            ["token_ids"] = new JsonArray(5, 6),
            ["weights"] = new JsonArray(0.5, 0.5),
            ["kl_divergence"] = 0.5,
            ["prefix_ids"] = new JsonArray(5, 6),
        };
        string good = sample.ToJsonString(), bad = good.Replace($"\"{field}\":{sample[field]!.ToJsonString()}", $"\"{field}\":{value}");
        Assert.NotEqual(good, bad);
        var file = Write("samples.jsonl", $"{good}\n{bad}\n");
        AssertRefused(await FineTuneAsync(file), $"{file} line 2", reason);
    }

    private static void AssertRefused((int Code, string Output, string Errors) result, string place, string reason)
    {
        Assert.True(result.Code == (int)ExitCode.BadData, $"{result.Code}: {result.Errors}");
        Assert.Contains(place, result.Errors);
        Assert.Contains(reason, result.Errors);
        Assert.DoesNotContain("   at ", result.Errors);
    }

    private string Record(string prompt, string response) => Write("record.jsonl", $$"""{"prompt": "{{prompt}}", "target": {{response}}}"""
        + "\n");

    private string Write(string name, string content)
    {
        var bytes = new UTF8Encoding(false).GetBytes(content);
        File.WriteAllBytes(_folder[name], name.EndsWith(".gz", StringComparison.Ordinal) ? OddFiles.Gzip(bytes) : bytes);
        return _folder[name];
    }

    private Task<(int Code, string Output, string Errors)> EvaluateAsync(string data) =>
        WorkerProgram.RunAsync("evaluate", "--model", $"{Examples}/models/seed-0/expert", "--data", data, "--template", "none",
            "--max-new-tokens", "2");

    private Task<(int Code, string Output, string Errors)> SampleAsync(string data, params string[] set) => RunAsync("1-sampling.yaml",
    [
        $"spec.expert.uri=file://{Examples}/models/seed-0/expert", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur",
            "spec.shards=1", "spec.generation.maxNewTokens=4",
        $"spec.dataset.uri=file://{data}", .. set,
    ]);

    private Task<(int Code, string Output, string Errors)> RefineAsync(string data, params string[] set) => RunAsync("3-refine.yaml",
    [
        $"spec.model={{uri: 'file://{Examples}/models/seed-0/expert', dtype: float32}}", $"spec.dataset.uri=file://{data}",
        .. set.Any(change => change.StartsWith("spec.evaluation", StringComparison.Ordinal)) ? (string[])[]
            : ["spec.evaluation=null"], .. set,
    ]);

    private Task<(int Code, string Output, string Errors)> FineTuneAsync(string data) =>
        RunAsync("2-finetune.yaml", [$"spec.model.uri=file://{Examples}/models/seed-0/expert", $"spec.samples={{uri: 'file://{data}'}}",
            "spec.evaluation=null", "spec.training.maxSteps=1"]);

    private Task<(int Code, string Output, string Errors)> RunAsync(string manifest, string[] set)
    {
        if (Directory.Exists(_folder["out"])) Directory.Delete(_folder["out"], recursive: true);
        return WorkerProgram.RunAsync(["run", "-f", $"{Examples}/{manifest}", "--output", "file://" + _folder["out"],
            .. set.SelectMany(change => new[] { "--set", change })]);
    }
}
