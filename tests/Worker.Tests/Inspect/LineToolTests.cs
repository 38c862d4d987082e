using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using LightReasoner.Worker.Tests.Tokenization;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Inspect;

/// <summary>The tools that read and write a JSON object a line.</summary>
public class LineToolTests
{
    private static readonly Tokenizer Small = SmallTokenizers.Parse(SmallTokenizers.Json());

    [Fact]
    public void Tokens_TextAndIds_OneLinePerLine()
    {
        var (output, error) = Tokens("{\"text\":\"the\"}\n{\"ids\":[" + Small.TokenToId("the") + "]}\n{\"text\":\"\\ud800\"}\n\n");
        Assert.Null(error);
        Assert.Equal(3, output.Length);
        Assert.Equal(Small.TokenToId("the"), (int)JsonNode.Parse(output[0])!["ids"]![0]!);
        Assert.Equal("the", (string)JsonNode.Parse(output[1])!["text"]!);
        Assert.Equal("\uFFFD", Small.Decode(SharedTokenizers.Ids(JsonNode.Parse(output[2])!["ids"])));
    }

    [Theory]
    [InlineData("not json", "line 2: not valid JSON")]
    [InlineData("", "line 2: is blank")]
    [InlineData("[1]", "line 2: expected a JSON object, found array")]
    [InlineData("{\"txt\":1}", "line 2: expected either 'text' or 'ids'")]
    [InlineData("{\"text\":5}", "line 2: field 'text': expected a string, found number")]
    [InlineData("{\"ids\":[1,\"x\"]}", "line 2: field 'ids[1]': expected a token id, found \"x\"")]
    public void Tokens_BadLine_IsNamedAndEndsTheWork(string line, string message)
    {
        var (output, error) = Tokens("{\"text\":\"a\"}\n" + line + "\n{\"text\":\"a\"}\n");
        Assert.Equal(ExitCode.BadData, error!.Code);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Single(output);
    }

    [Fact]
    public void Chat_Variables_AreRenderedAndNowIsTheClock()
    {
        var template = ChatTemplate.Parse("{{ messages[0].content }}{{ x|tojson }}{{ strftime_now('%d %b %Y') }}", "t");
        var (output, error) = Run("{\"messages\":[{\"content\":\"é\"}],\"x\":1.0,\"now\":\"2025-07-10T12:00:00\"}\n{\"messages\":[]}\n",
            (input, stream) => ChatCommand.Run(template, input, stream));
        Assert.Equal("é1.010 Jul 2025", (string)JsonNode.Parse(Assert.Single(output))!["text"]!);
        Assert.StartsWith("line 2: t line 1: list object has no element 0", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_NeitherModelNorTemplate_IsAUsageError() => Assert.NotEmpty(ChatCommand.Create().Parse("").Errors);

    [Fact]
    public void Logits_PublishedModel_AreThoseOfEveryPosition()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var expected = Goldens.Tensors("forward.safetensors");
        var ids = Goldens.Json("forward.json")["models"]!["qwen2-tiny"]!["input_ids"]![1]!.ToJsonString();
        var (all, _) = Run($$"""{"ids":{{ids}}}""", (input, stream) => LogitsCommand.Run(model, lastOnly: false, input, stream));
        var (last, _) = Run($$"""{"ids":{{ids}}}""", (input, stream) => LogitsCommand.Run(model, lastOnly: true, input, stream));
        var golden = expected.Load("qwen2-tiny.logits.1").data<float>().ToArray();
        var rows = JsonNode.Parse(all[0])!["logits"]!.AsArray().Select(row => row!.Numbers()).ToArray();
        Assert.Equal(23, rows.Length);
        Assert.All(golden.Zip(rows.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.Equal(rows[^1].Length, Assert.Single(JsonNode.Parse(last[0])!["logits"]!.AsArray())!.Numbers().Zip(rows[^1])
            .Count(p => Math.Abs(p.First - p.Second) < 1e-4));
    }

    [Theory]
    [InlineData("{\"ids\":[]}", "holds no ids")]
    [InlineData("{\"ids\":[512]}", "field 'ids' has token id 512, and the model knows 512 tokens")]
    [InlineData("{\"ids\":\"1\"}", "field 'ids': expected an array, found string")]
    [InlineData("{\"prompt\":\"a\"}", "needs 'ids'")]
    public void Logits_BadLine_IsNamed(string line, string message)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var (output, error) = Run(line, (input, stream) => LogitsCommand.Run(model, lastOnly: true, input, stream));
        Assert.Empty(output);
        Assert.StartsWith("line 1: ", error!.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(16)]
    public void Generate_SamplingWithASeed_DoesNotDependOnTheBatches(int batchSize)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var lines = string.Join('\n', Enumerable.Repeat("{\"ids\":[1,20,30]}", 5)) + "\n{\"prompt\":\"abc\"}\n";
        var spec = new GenerationSpec { MaxNewTokens = 8, Temperature = 2, TopK = 50, TopP = 0.95, RepetitionPenalty = 1.1, Seed = 4 };
        string[] All(int size, long seed) => Run(lines,
            (input, stream) => GenerateCommand.Run(model, TestTokenizer.Create(), size, input, stream,
            (prompts, first) => new BatchGenerator(model.Model, [])
                .Generate(prompts, spec with { Seed = seed }, size, [.. Enumerable.Range(first, prompts.Length)]))).Output;
        var answers = All(batchSize, 4);
        Assert.Equal(6, answers.Length);
        Assert.True(answers.Distinct().Count() > 3, "every line draws for itself");
        Assert.All(answers, answer => Assert.Equal(8, JsonNode.Parse(answer)!["ids"]!.AsArray().Count));
        Assert.Equal(All(3, 4), answers);
        Assert.NotEqual(All(3, 5), answers);
    }

    [Theory]
    [InlineData("--block 0", "--block must be from 1")]
    [InlineData("--batch-size 0", "--batch-size must be from 1")]
    [InlineData("--max-new-tokens 0", "--max-new-tokens must be from 1")]
    [InlineData("--temperature -1", "--temperature must be from 0")]
    [InlineData("--temperature NaN", "--temperature must be from 0")]
    [InlineData("--top-p 0", "--top-p must be from")]
    [InlineData("--repetition-penalty 0", "--repetition-penalty must be from")]
    [InlineData("--block 4 --temperature 1", "--block is greedy: leave out --temperature")]
    public void Generate_OptionOutOfRange_IsAUsageError(string options, string message) =>
        Assert.Contains(message, Assert.Single(GenerateCommand.Create().Parse("--model x " + options).Errors).Message);

    [Theory]
    [InlineData("--block-size 0", "--block-size must be from 1")]
    [InlineData("--block-size 4 --max-length 0", "--max-length must be from 1")]
    public void Layout_OptionOutOfRange_IsAUsageError(string options, string message) =>
        Assert.Contains(message, Assert.Single(LayoutCommand.Create().Parse(options).Errors).Message);

    private static (string[] Output, WorkerException? Error) Tokens(string lines) => Run(lines,
        (input, output) => TokensCommand.Run(Small, input, output));

    private static (string[] Output, WorkerException? Error) Run(string lines, Action<TextReader, Stream> tool)
    {
        using var input = new StringReader(lines);
        using var output = new MemoryStream();
        var error = Record.Exception(() => tool(input, output));
        Assert.True(error is null or WorkerException, error?.ToString());
        return (Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries), error as WorkerException);
    }
}
