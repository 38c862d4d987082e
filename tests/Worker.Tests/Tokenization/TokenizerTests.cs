using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Tokenization.Normalization;

namespace LightReasoner.Worker.Tests.Tokenization;

public class TokenizerTests
{
    [Fact]
    public void Encode_WordLevelVocabularyWithoutMerges_GivesOneIdPerWord()
    {
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json(wordLevel: true));
        Assert.Equal([tokenizer.TokenToId("the"), tokenizer.TokenToId("Ġcups"), tokenizer.TokenToId("Ġwhole"), tokenizer.TokenToId("Ġ"), tokenizer.TokenToId("x")],
            tokenizer.Encode("the cups whole x").Select(id => (int?)id));
    }

    [Fact]
    public void Encode_WholeWordWithoutIgnoreMerges_OnlyUsesMerges()
    {
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json());
        Assert.Equal([tokenizer.TokenToId("Ġthe")!.Value], tokenizer.Encode(" the"));
        Assert.DoesNotContain(tokenizer.TokenToId("Ġwhole")!.Value, tokenizer.Encode(" whole"));
    }

    [Fact]
    public void Encode_LongRunOfOneWord_TakesTheHeapAndRoundTrips()
    {
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json());
        var text = string.Concat(Enumerable.Repeat("the", 20_000));
        var ids = tokenizer.Encode(text);
        Assert.Equal(20_000, ids.Length);
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    [Fact]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json());
        var texts = Enumerable.Range(0, 200).Select(i => $"the cups {i} thé<think>{i * 7}").ToArray();
        var expected = texts.Select(text => SmallTokenizers.Parse(SmallTokenizers.Json()).Encode(text)).ToArray();
        Parallel.For(0, 4000, i => Assert.Equal(expected[i % 200], tokenizer.Encode(texts[i % 200])));
    }

    [Fact]
    public void Decode_SkipSpecialTokens_KeepsAddedTokensThatAreNotSpecial()
    {
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json());
        var ids = tokenizer.Encode("<think>the<|end|>");
        Assert.Equal("<think>the<|end|>", tokenizer.Decode(ids));
        Assert.Equal("<think>the", tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.Equal("", tokenizer.Decode([1_000_000, -1]));
    }

    [Theory]
    [InlineData("LlamaTokenizerFast", false, "")]
    [InlineData("LlamaTokenizerFast", true, "<|end|>")]
    [InlineData("PreTrainedTokenizerFast", true, "<|end|>")]
    [InlineData("PreTrainedTokenizerFast", false, "")]
    public void Encode_AddBosTokenInConfig_DecidesAboutBos(string tokenizerClass, bool addBos, string expected)
    {
        var config = new JsonObject { ["tokenizer_class"] = tokenizerClass, ["add_bos_token"] = addBos, ["bos_token"] = new JsonObject { ["content"] = "<|end|>" } };
        var tokenizer = SmallTokenizers.Parse(SmallTokenizers.Json(), config);
        Assert.Equal(expected + "the", tokenizer.Decode(tokenizer.Encode("the", addSpecialTokens: true)));
    }

    [Fact]
    public void Load_Folder_ReadsSpecialTokensAndChatTemplate()
    {
        var folder = SmallTokenizers.Folder(SmallTokenizers.Json(), new JsonObject
        {
            ["eos_token"] = "<|end|>",
            ["pad_token"] = null,
            ["chat_template"] = new JsonArray(
                new JsonObject { ["name"] = "tool_use", ["template"] = "tools {{ tools|length }}" },
                new JsonObject { ["name"] = "default", ["template"] = "{{ messages[0].content }}{{ eos_token }}{{ tools is none }}" }),
        });
        var tokenizer = Tokenizer.Load(folder);
        Assert.Equal(tokenizer.TokenToId("<|end|>"), tokenizer.EosId);
        Assert.Null(tokenizer.PadId);
        var messages = JsonNode.Parse("""{"messages":[{"role":"user","content":"hi"}]}""")!.AsObject();
        Assert.Equal("hi<|end|>True", tokenizer.ChatTemplate!.Render(messages));
        messages["tools"] = new JsonArray(1, 2);
        Assert.Equal("tools 2", tokenizer.ChatTemplate.Render(messages));
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "file");
        Assert.Equal("file", Tokenizer.Load(folder).ChatTemplate!.Render(messages));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Load_NoTokenizerJson_NamesTheFile() =>
        Assert.Contains("tokenizer.json: not found", Assert.Throws<FileNotFoundException>(() => Tokenizer.Load("/nowhere")).Message);

    [Theory]
    [InlineData("model", "type", "\"WordPiece\"", "model.type: 'WordPiece' is not supported")]
    [InlineData("model", "byte_fallback", "true", "model.byte_fallback: not supported")]
    [InlineData("model", "merges", "[\"t zz\"]", "model.merges[0]: token 'zz' is not in the vocabulary")]
    [InlineData("model", "merges", "[\"t h e\"]", "model.merges[0]: expected two tokens with one space between")]
    [InlineData("model", "vocab", "{\"a\":-1}", "model.vocab: the token 'a' needs an id")]
    [InlineData("pre_tokenizer", "type", "\"Metaspace\"", "pre_tokenizer: pre-tokenizer 'Metaspace' is not supported")]
    [InlineData("normalizer", "type", "\"BertNormalizer\"", "normalizer: normalizer 'BertNormalizer' is not supported")]
    [InlineData("decoder", "type", "\"WordPiece\"", "decoder: decoder 'WordPiece' is not supported")]
    public void Parse_UnsupportedFile_NamesThePlace(string section, string field, string value, string message)
    {
        var json = SmallTokenizers.Json();
        json[section]![field] = JsonNode.Parse(value);
        Assert.Contains(message, Assert.Throws<TokenizerException>(() => SmallTokenizers.Parse(json)).Message);
    }

    [Fact]
    public void Nfc_EveryCharacterAndRandomMarks_AgreesWithIcu()
    {
        if ("e\u0301".Normalize() != "\u00E9")
            Assert.Skip("this process runs in invariant globalization mode, where string.Normalize does nothing");
        // Marks that Unicode 15, 16 and 17 added: the tables are of version 14, the ICU at hand may be newer.
        int[] newer =
        [
            0x10EFD, 0x10EFE, 0x10EFF, 0x11F41, 0x11F42, 0x1E08F, 0x1E4EC, 0x1E4ED, 0x1E4EE, 0x1E4EF,
            0x113CE, 0x113CF, 0x113D0, 0x1612F, 0x1E5EF,
            0x1ADD, 0x1AE6, 0x1AEB, 0x10EFA, 0x10EFB,
        ];
        var differ = new List<string>();
        foreach (var c in Enumerable.Range(1, 0x10FFFF).Where(c => Rune.IsValid(c) && (c & 0xFFFE) != 0xFFFE))
        {
            var text = "a" + char.ConvertFromUtf32(c) + "\u0301";
            if (Nfc.Normalize(text) != text.Normalize() && !newer.Contains(c))
                differ.Add($"U+{c:X4}");
        }
        Assert.Equal("", string.Join(' ', differ));
        var random = new Random(1);
        string[] parts = ["a", "e", "\u0301", "\u0323", "\u0327", "\u1100", "\u1161", "\u11A8", "\uAC00", "\u0344", "\u212B", "\u09C7", "\u09BE", "\u0F71", "\u0F72", "\uFB1D", " ", "\U0001D15E", "\u05B0"];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)]));
            Assert.Equal(text.Normalize(), Nfc.Normalize(text));
        }
    }
}
