using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Generation;

namespace LightReasoner.Worker.Tests.Refinement;

public class RefineSequenceTests
{
    private static readonly int[] Prompt = [1, 10, 11], Response = [20, 21, 22];

    [Fact]
    public void Build_FixedTail_CountsTheClosingEos()
    {
        var sequence = RefineSequence.Build(Prompt, Response, 3, EosTail.OfLength(4), 100, Truncation.Right);
        Assert.Equal([1, 10, 11, 20, 21, 22, 3, 3, 3, 3], sequence.Ids);
        Assert.Equal(3, sequence.ResponseStart);
        Assert.Equal(7, sequence.Targets);
    }

    [Theory, InlineData(4, 9), InlineData(null, 9)]
    public void Build_TailBeyondMaxLength_IsCutThere(int? tail, int expected)
    {
        var eosTail = tail is { } n ? EosTail.OfLength(n) : EosTail.Full;
        Assert.Equal(expected, RefineSequence.Build(Prompt, Response, 3, eosTail, 9, Truncation.Right).Ids.Length);
    }

    [Fact]
    public void Build_TooLong_IsCutOrRefused()
    {
        var right = RefineSequence.Build(Prompt, Response, 3, EosTail.OfLength(4), 5, Truncation.Right);
        Assert.Equal([1, 10, 11, 20, 21], right.Ids);
        Assert.Equal(3, right.ResponseStart);
        var left = RefineSequence.Build(Prompt, Response, 3, EosTail.OfLength(4), 5, Truncation.Left);
        Assert.Equal([11, 20, 21, 22, 3], left.Ids);
        Assert.Equal(1, left.ResponseStart);
        Assert.Equal(0, RefineSequence.Build(Prompt, Response, 3, EosTail.OfLength(4), 3, Truncation.Right).Targets);
        Assert.StartsWith("d.jsonl line 5: ", Assert.Throws<InvalidDataException>(() =>
            RefineSequence.Build(Prompt, Response, 3, EosTail.OfLength(4), 5, Truncation.Error, "d.jsonl line 5")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("…assistant\n<think>\n", "<think>\nso", "so")]
    [InlineData("…assistant\n<think>\n", "so", "so")]
    [InlineData("…assistant\n", "<think>\nso", "<think>\nso")]
    public void WithoutRepeatedThink_TemplateOpensIt_ResponseDoesNotAgain(string prompt, string response, string expected) =>
        Assert.Equal(expected, ResponseEncoder.WithoutRepeatedThink(prompt, response));

    [Fact]
    public void Encode_Text_GivesPromptAndResponse()
    {
        var tokenizer = TestTokenizer.Create();
        var ids = ResponseEncoder.Encode(tokenizer, new PromptSpec { Template = PromptTemplate.None },
            new PromptResponse(0, JsonValue.Create("why?"), "yes"));
        Assert.Equal(tokenizer.Encode("why?"), ids.Prompt);
        Assert.Equal(tokenizer.Encode("yes"), ids.Response);
    }
}
