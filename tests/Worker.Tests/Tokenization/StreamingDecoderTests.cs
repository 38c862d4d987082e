using System.Text;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

public class StreamingDecoderTests
{
    private static readonly Tokenizer Small = SmallTokenizers.Parse(SmallTokenizers.Json());

    [Fact]
    public void Append_CharacterOverSeveralTokens_IsHeldBackUntilComplete()
    {
        var decoder = Small.CreateStreamingDecoder();
        var ids = Small.Encode("a\U0001F600é");
        var pieces = ids.Select(decoder.Append).ToArray();
        Assert.Equal(["a", "", "", "", "\U0001F600", "é"], pieces);
        Assert.Equal("", decoder.Finish());
    }

    [Fact]
    public void Finish_IncompleteCharacter_IsOneReplacement()
    {
        var decoder = Small.CreateStreamingDecoder();
        Assert.Equal("", decoder.Append(Small.Encode("\U0001F600")[0]));
        Assert.Equal("\uFFFD", decoder.Finish());
        Assert.Equal("a", decoder.Append(Small.Encode("a")[0]));
    }

    [Theory]
    [InlineData("byte-level")]
    [InlineData("SentencePiece BPE")]
    [InlineData("Unigram")]
    public void Append_AnyIds_PiecesAreWholeCharactersAndTheirSumIsDecode(string kind)
    {
        var tokenizer = kind switch
        {
            "byte-level" => Small,
            "Unigram" => SmallTokenizers.Parse(SmallTokenizers.Unigram()),
            _ => SmallTokenizers.Parse(SmallTokenizers.SentencePieceBpe()),
        };
        var random = new Random(7);
        for (var round = 0; round < 2_000; round++)
        {
            // Texts cut at a random place, and ids at random: most byte sequences are broken UTF-8.
            var encoded = tokenizer.Encode("thé 中文 \U0001F600<think>\u0301the<|end|> cat" + (char)random.Next(0x20, 0xD7FF));
            var ids = round % 2 == 0
                ? [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(-1, tokenizer.VocabSize + 2))]
                : encoded[random.Next(10)..];
            var skip = round % 3 == 0;
            var decoder = tokenizer.CreateStreamingDecoder(skip);
            var whole = new StringBuilder();
            foreach (var id in ids)
            {
                var piece = decoder.Append(id);
                Assert.Equal(piece, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece))); // no half of a pair
                whole.Append(piece);
                Assert.StartsWith(whole.ToString(), tokenizer.Decode(ids, skip), StringComparison.Ordinal);
            }
            whole.Append(decoder.Finish());
            Assert.Equal(tokenizer.Decode(ids, skip), whole.ToString());
        }
    }
}
