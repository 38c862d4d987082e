using System.Text.Json.Nodes;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Tests.Tokenization;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Inspect;

public class TokensAndChatCommandTests
{
    private static readonly Tokenizer Small = SmallTokenizers.Parse(SmallTokenizers.Json());

    [Fact]
    public void Tokens_TextAndIds_OneLinePerLine()
    {
        var (code, output, errors) = Tokens("{\"text\":\"the\"}\n{\"ids\":[" + Small.TokenToId("the") + "]}\n{\"text\":\"\\ud800\"}\n");
        Assert.Equal((0, ""), (code, errors));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Equal(Small.TokenToId("the"), (int)JsonNode.Parse(lines[0])!["ids"]![0]!);
        Assert.Equal("the", (string)JsonNode.Parse(lines[1])!["text"]!);
        Assert.Equal("\uFFFD", Small.Decode(SharedTokenizers.Ids(JsonNode.Parse(lines[2])!["ids"])));
    }

    [Theory]
    [InlineData("not json", "line 2: not valid JSON")]
    [InlineData("", "line 2: not valid JSON")]
    [InlineData("[1]", "line 2: expected a JSON object, found array")]
    [InlineData("{\"txt\":1}", "line 2: expected either 'text' or 'ids'")]
    [InlineData("{\"text\":5}", "line 2: field 'text': expected a string, found number")]
    [InlineData("{\"ids\":[1,\"x\"]}", "line 2: field 'ids[1]': expected a token id, found \"x\"")]
    public void Tokens_BadLine_IsNamedAndEndsWith65(string line, string message)
    {
        var (code, output, errors) = Tokens("{\"text\":\"a\"}\n" + line + "\n{\"text\":\"a\"}\n");
        Assert.Equal(65, code);
        Assert.StartsWith(message, errors, StringComparison.Ordinal);
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Chat_Variables_AreRenderedAndNowIsTheClock()
    {
        var template = ChatTemplate.Parse("{{ messages[0].content }}{{ x|tojson }}{{ strftime_now('%d %b %Y') }}", "t");
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var input = new StringReader("{\"messages\":[{\"content\":\"é\"}],\"x\":1.0,\"now\":\"2025-07-10T12:00:00\"}\n{\"messages\":[]}\n");
        Assert.Equal(65, ChatCommand.Run(template, input, output, errors));
        Assert.Equal("é1.010 Jul 2025", (string)JsonNode.Parse(output.ToString())!["text"]!);
        Assert.StartsWith("line 2: t line 1: list object has no element 0", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_NeitherModelNorTemplate_IsAUsageError() => Assert.NotEmpty(ChatCommand.Create().Parse("").Errors);

    private static (int Code, string Output, string Errors) Tokens(string lines)
    {
        using var input = new StringReader(lines);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = TokensCommand.Run(Small, input, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
