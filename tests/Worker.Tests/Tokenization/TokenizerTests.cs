using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;
using static LightReasoner.Worker.Tests.Tokenization.SmallTokenizers;

namespace LightReasoner.Worker.Tests.Tokenization;

public class TokenizerTests
{
    [Fact]
    public void Encode_WordLevelVocabularyWithoutMerges_GivesOneIdPerWord()
    {
        var tokenizer = Parse(Json(wordLevel: true));
        Assert.Equal(["the", "Ġcups", "Ġwhole", "Ġ", "x"], tokenizer.Encode("the cups whole x").Select(tokenizer.IdToToken));
    }

    [Fact]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        var tokenizer = Parse(Json());
        var texts = Enumerable.Range(0, 200).Select(i => $"the cups {i} thé<think>{i * 7}").ToArray();
        var expected = texts.Select(text => Parse(Json()).Encode(text)).ToArray();
        Parallel.For(0, 4000, i => Assert.Equal(expected[i % 200], tokenizer.Encode(texts[i % 200])));
    }

    [Fact]
    public void Decode_SkipSpecialTokens_KeepsAddedTokensThatAreNotSpecial()
    {
        var tokenizer = Parse(Json());
        var ids = tokenizer.Encode("<think>the<|end|>");
        Assert.Equal("<think>the<|end|>", tokenizer.Decode(ids));
        Assert.Equal("<think>the", tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.Equal("", tokenizer.Decode([1_000_000, -1]));
    }

    // Recorded from the npm package tokenizers 0.23.2.
    [Theory]
    [InlineData("the cat", "1,267,268,269", "<s> the cat", "the cat")]
    [InlineData("the  cat é", "1,267,259,268,269,259,198,172", "<s> the  cat é", "the  cat é")]
    [InlineData(" the", "1,259,267", "<s>  the", " the")]
    [InlineData("中 the", "1,259,231,187,176,267", "<s> 中 the", "中 the")]
    [InlineData("", "1", "<s>", "")]
    [InlineData("cats ①</s> the", "1,268,269,118,259,229,148,163,2,259,267", "<s> cats ①</s>  the", "cats ①  the")]
    [InlineData("a\n", "1,259,264,13", "<s> a\n", "a\n")]
    [InlineData("thecat", "1,267,263,269", "<s> thecat", "thecat")]
    public void Encode_SentencePieceBpeWithByteFallback_IsHuggingFaces(string text, string ids, string decoded, string withoutSpecial) =>
        CheckBothWays(Parse(SentencePieceBpe()), text, ids, decoded, withoutSpecial);

    [Theory]
    [InlineData("the cat", "3,6,1", "the cat</s>", "the cat")]
    [InlineData("the  cat é", "3,2,6,2,0,1", "the  cat <unk></s>", "the  cat ")]
    [InlineData(" the", "3,1", "the</s>", "the")]
    [InlineData("中 the", "2,0,3,1", "<unk> the</s>", " the")]
    [InlineData("", "1", "</s>", "")]
    [InlineData("cats ①</s> the", "6,10,2,12,1,3,1", "cats 1</s> the</s>", "cats 1 the")]
    [InlineData("a\n", "2,9,0,1", "a<unk></s>", "a")]
    [InlineData("thecat", "3,8,11,1", "thecat</s>", "thecat")]
    public void Encode_UnigramWithMetaspace_IsHuggingFaces(string text, string ids, string decoded, string withoutSpecial) =>
        CheckBothWays(Parse(Unigram()), text, ids, decoded, withoutSpecial);

    [Theory]
    [InlineData("LlamaTokenizerFast", false, "the")]
    [InlineData("LlamaTokenizerFast", true, "<|end|>the")]
    [InlineData("PreTrainedTokenizerFast", true, "<|end|>the")]
    [InlineData("PreTrainedTokenizerFast", null, "<think>the")]
    public void Encode_AddBosTokenInConfig_ReplacesWhatTheFileSays(string tokenizerClass, bool? addBos, string expected)
    {
        var json = Json();
        json["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"t"}},{"Sequence":{"id":"A"}}],"special_tokens":{"t":{"ids":[266]}}}]}
            """);
        var config = new JsonObject { ["tokenizer_class"] = tokenizerClass, ["bos_token"] = new JsonObject { ["content"] = "<|end|>" } };
        if (addBos is not null)
            config["add_bos_token"] = addBos;
        var tokenizer = Parse(json, config);
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode("the", addSpecialTokens: true)));
        Assert.Equal("the", tokenizer.Decode(tokenizer.Encode("the")));
    }

    [Theory]
    [InlineData("BertProcessing")]
    [InlineData("RobertaProcessing")]
    public void Encode_BertProcessing_PutsClsAndSepAround(string type)
    {
        var json = Json();
        json["post_processor"] = JsonNode.Parse("""{"cls":["<|end|>",265],"sep":["<think>",266]}""");
        json["post_processor"]!["type"] = type;
        var tokenizer = Parse(json);
        Assert.Equal([265, tokenizer.TokenToId("the")!.Value, 266], tokenizer.Encode("the", addSpecialTokens: true));
    }

    [Fact]
    public void Encode_TruncationAndPaddingInTheFile_AreIgnoredAsInTransformers()
    {
        var json = Json();
        json["truncation"] = JsonNode.Parse("""{"direction":"Right","max_length":2,"strategy":"LongestFirst","stride":0}""");
        json["padding"] = JsonNode.Parse(
            """{"strategy":{"Fixed":9},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"!"}""");
        Assert.Equal(Parse(Json()).Encode("the cups"), Parse(json).Encode("the cups"));
        Assert.Equal(5, Parse(json).Encode("xyzxy").Length);
    }

    [Fact]
    public void Encode_AddPrefixSpaceInConfig_Counts() =>
        Assert.Equal(Parse(Json()).Encode(" the"), Parse(Json(), new JsonObject { ["add_prefix_space"] = true }).Encode("the"));

    [Fact]
    public void Encode_SplitSpecialTokensInConfig_ReadsSpecialTokensAsText()
    {
        var json = Json();
        json["added_tokens"]!.AsArray().Insert(0, Added(0, "the", special: true)); // one of the model, which keeps its id
        var tokenizer = Parse(json, new JsonObject { ["split_special_tokens"] = true });
        Assert.Equal("<|end|>", tokenizer.Decode(tokenizer.Encode("<|end|>"), skipSpecialTokens: true));
        Assert.Equal(Parse(Json()).Encode("<think>"), tokenizer.Encode("<think>"));
        Assert.Equal("<|end|>", tokenizer.Decode([tokenizer.TokenToId("<|end|>")!.Value]));
        Assert.Equal([tokenizer.TokenToId("the")!.Value], tokenizer.Encode("the"));
    }

    [Fact]
    public void Load_AddedTokensDecoder_AddsWhatTokenizerJsonLacks()
    {
        var folder = SharedFolder.Of("cases/added-tokens-in-config");
        var tokenizer = Tokenizer.Load(folder);
        Assert.Equal((2278, 2279), (tokenizer.TokenToId("<|user|>"), tokenizer.TokenToId("<|assistant|>")));
        Assert.Equal([2278, .. tokenizer.Encode("hi"), 2279], tokenizer.Encode("<|user|>hi<|assistant|>"));
        Assert.Equal("hi", tokenizer.Decode(tokenizer.Encode("<|user|>hi<|assistant|>"), skipSpecialTokens: true));
    }

    [Fact]
    public void Load_AddedTokensDecoder_ChangesFlagsOfKnownTokensAndHidesOlderFiles()
    {
        var config = JsonNode.Parse("""
            {"added_tokens_decoder":{"266":{"content":"<think>","special":true,"lstrip":true,"normalized":false}},"eos_token":"<|end|>"}
            """)!;
        var tokenizer = Load(
            ("tokenizer.json", Json()),
            ("tokenizer_config.json", config),
            ("special_tokens_map.json", new JsonObject { ["eos_token"] = "<think>" }),
            ("added_tokens.json", new JsonObject { ["<more>"] = 300 }));
        Assert.Equal(["x", "<think>", "x"], tokenizer.Encode("x  <think>x").Select(tokenizer.IdToToken));
        Assert.Equal("xx", tokenizer.Decode(tokenizer.Encode("x  <think>x"), skipSpecialTokens: true));
        Assert.Equal(tokenizer.TokenToId("<|end|>"), tokenizer.EosId);
        Assert.Null(tokenizer.TokenToId("<more>"));
    }

    [Fact]
    public void Load_OlderFiles_AddTokensByIdAndTheMapWins()
    {
        var tokenizer = Load(
            ("tokenizer.json", Json()),
            ("tokenizer_config.json", JsonNode.Parse("""{"eos_token":"<think>","additional_special_tokens":["<a>"]}""")!),
            ("special_tokens_map.json",
            JsonNode.Parse("""{"eos_token":{"content":"<|end|>"},"additional_special_tokens":["<b>","<a>"]}""")!),
            ("added_tokens.json", new JsonObject { ["<later>"] = 301, ["<b>"] = 300 }));
        Assert.Equal(tokenizer.TokenToId("<|end|>"), tokenizer.EosId);
        Assert.Equal((267, 268, 269, 270),
            (tokenizer.TokenToId("<b>"), tokenizer.TokenToId("<later>"), tokenizer.TokenToId("<a>"), tokenizer.VocabSize));
        Assert.Equal("<later>", tokenizer.Decode(tokenizer.Encode("<a><later><b>"), skipSpecialTokens: true));
    }

    [Fact]
    public void Load_EosTokenThatNoFileDefines_IsAddedBehindTheOthers()
    {
        var tokenizer = Parse(Json(), new JsonObject { ["eos_token"] = "<eos>" });
        Assert.Equal(267, tokenizer.EosId);
        Assert.Equal([267], tokenizer.Encode("<eos>"));
    }

    [Fact]
    public void Decode_EosTokenThatIsNotMarkedSpecial_IsSkippedAsSpecial()
    {
        var tokenizer = Parse(Json(), new JsonObject { ["eos_token"] = "<think>", ["unk_token"] = "the" });
        Assert.Equal("x", tokenizer.Decode(tokenizer.Encode("x<think>the"), skipSpecialTokens: true));
    }

    [Fact]
    public void Load_SameAddedTokenTwice_KeepsTheFirstId()
    {
        var tokenizer = Tokenizer.Load(SharedFolder.Of("cases/duplicate-added-token"));
        Assert.Equal([2278], tokenizer.Encode("<dup>"));
        Assert.Equal("", tokenizer.Decode([2278], skipSpecialTokens: true));
    }

    // Recorded from the npm package tokenizers 0.23.2: a vocabulary of 265 tokens, and whatever ids the file names.
    [Theory]
    [InlineData("5000 <x>", "<x>=265")]
    [InlineData("5000 <x>,2300 <y>", "<x>=265 <y>=266")]
    [InlineData("265 <a>,265 <b>", "<a>=265 <b>=266")]
    [InlineData("7 <x>", "<x>=265")]
    [InlineData("5000 the,5001 <x>", "the=257 <x>=265")]
    public void Load_AddedTokensWithOtherIds_AreNumberedAsByHuggingFace(string added, string expected)
    {
        var json = Json();
        json["added_tokens"] = new JsonArray([.. added.Split(',').Select(a =>
            Added(int.Parse(a.Split(' ')[0]), a.Split(' ')[1], special: true))]);
        var tokenizer = Parse(json);
        foreach (var (token, id) in expected.Split(' ').Select(e => (e.Split('=')[0], int.Parse(e.Split('=')[1]))))
        {
            Assert.Equal([id], tokenizer.Encode(token));
            Assert.Equal((id, token), (tokenizer.TokenToId(token), tokenizer.IdToToken(id)));
            Assert.Equal(token, tokenizer.Decode([id]));
        }
    }

    [Fact]
    public void Load_Folder_ReadsSpecialTokensAndChatTemplate()
    {
        var config = new JsonObject
        {
            ["eos_token"] = "<|end|>",
            ["pad_token"] = null,
            ["extra_special_tokens"] = new JsonObject { ["image_token"] = "<image>" },
            ["chat_template"] = new JsonArray(
                new JsonObject { ["name"] = "tool_use", ["template"] = "tools {{ tools|length }}" },
                new JsonObject
                {
                    ["name"] = "default",
                    ["template"] = "{{ messages[0].content }}{{ eos_token }}{{ tools is none }}{{ pad_token is defined }}{{ image_token }}",
                }),
        };
        var tokenizer = Load(("tokenizer.json", Json()), ("tokenizer_config.json", config));
        Assert.Equal(tokenizer.TokenToId("<|end|>"), tokenizer.EosId);
        var messages = JsonNode.Parse("""{"messages":[{"role":"user","content":"hi"}]}""")!.AsObject();
        Assert.Equal("hi<|end|>TrueFalse<image>", tokenizer.ChatTemplate!.Render(messages));
        messages["tools"] = new JsonArray(1, 2);
        Assert.Equal("tools 2", tokenizer.ChatTemplate.Render(messages));
    }

    [Fact]
    public void ChatTemplate_AllSpecialTokens_AreVariables() =>
        Assert.Equal("<unk>|['<a>', '<b>']|", ChatTemplate.Read(SharedFolder.Of("cases/template-unk-token"))!.Render([]));

    [Fact]
    public void Load_NoTokenizerJson_NamesTheFile() =>
        Assert.Contains("tokenizer.json: not found", Assert.Throws<FileNotFoundException>(() => Tokenizer.Load("/nowhere")).Message);

    [Theory]
    [InlineData("model", "type", "\"Other\"", "tokenizer.json: model: Hugging Face's tokenizers refuses it")]
    [InlineData("model", "merges", "[\"t zz\"]", "tokenizer.json: model: Hugging Face's tokenizers refuses it")]
    [InlineData("model", "vocab", "{\"a\":-1}", "tokenizer.json: model.vocab: the token 'a' needs an id")]
    [InlineData("model", "vocab", "{\"a\":1,\"b\":1}", "tokenizer.json: model.vocab: the tokens 'a' and 'b' have the same id 1")]
    [InlineData("model", "vocab", "[[\"a\"]]", "tokenizer.json: model.vocab[0]: expected a token and its score")]
    [InlineData("model", "dropout", "0.1", "tokenizer.json: model.dropout: makes token ids random")]
    [InlineData("model", "continuing_subword_prefix", "\"##\"", "tokenizer.json: model.continuing_subword_prefix: not supported")]
    [InlineData("pre_tokenizer", "type", "\"Other\"", "tokenizer.json: pre_tokenizer: Hugging Face's tokenizers refuses it")]
    [InlineData("normalizer", "type", "\"Other\"", "tokenizer.json: normalizer: Hugging Face's tokenizers refuses it")]
    [InlineData("normalizer", "precompiled_charsmap", "\"AAAA\"", "tokenizer.json: normalizer: precompiled_charsmap is damaged")]
    [InlineData("decoder", "type", "\"Other\"", "tokenizer.json: decoder: Hugging Face's tokenizers refuses it")]
    public void Parse_UnsupportedFile_NamesThePlace(string section, string field, string value, string message)
    {
        var json = Json();
        json[section]![field] = JsonNode.Parse(value);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Parse(json)).Message);
    }

    [Theory]
    [InlineData("post_processor", """{"type":"Other"}""", "tokenizer.json: post_processor: post-processor 'Other' is not supported")]
    [InlineData("decoder", """{"type":"Sequence","decoders":[{"type":"Strip","content":" ","start":0,"stop":1}]}""",
        "tokenizer.json: decoder: Strip with stop above 0 is not supported")]
    [InlineData("added_tokens", """[{"id":1}]""", "tokenizer.json: added_tokens.content: expected a string")]
    [InlineData("model", "3", "tokenizer.json: model: missing")]
    [InlineData("version", "\"2.0\"", "tokenizer.json: version: Hugging Face's tokenizers refuses it")]
    public void Parse_UnsupportedSection_NamesThePlace(string section, string value, string message)
    {
        var json = Json();
        json[section] = JsonNode.Parse(value);
        Assert.StartsWith(message, Assert.Throws<InvalidDataException>(() => Parse(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NoTokens_NamesTheVocabulary() => Assert.StartsWith(
        "tokenizer.json: model.vocab: holds no token",
        Assert.Throws<InvalidDataException>(() =>
        Parse(new JsonObject { ["model"] = JsonNode.Parse("""{"type":"BPE","vocab":{},"merges":[]}""") })).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"eos_token":7}""", "tokenizer_config.json: eos_token: expected a string, found number")]
    [InlineData("""{"add_bos_token":"yes"}""", "tokenizer_config.json: add_bos_token: expected true or false")]
    [InlineData("""{"added_tokens_decoder":{"x":{"content":"a"}}}""", "tokenizer_config.json: added_tokens_decoder: 'x' is not a token id")]
    [InlineData("""{"additional_special_tokens":"<a>"}""",
        "tokenizer_config.json: additional_special_tokens: expected an array, found string")]
    public void Parse_BadConfig_NamesTheField(string config, string message) =>
        Assert.StartsWith(message, Assert.Throws<InvalidDataException>(() => Parse(Json(), JsonNode.Parse(config)!.AsObject())).Message,
            StringComparison.Ordinal);

    private static void CheckBothWays(Tokenizer tokenizer, string text, string ids, string decoded, string withoutSpecial)
    {
        var encoded = tokenizer.Encode(text, addSpecialTokens: true);
        Assert.Equal(ids, string.Join(",", encoded));
        Assert.Equal(decoded, tokenizer.Decode(encoded));
        Assert.Equal(withoutSpecial, tokenizer.Decode(encoded, skipSpecialTokens: true));
    }
}
