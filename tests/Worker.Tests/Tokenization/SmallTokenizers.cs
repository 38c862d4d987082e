using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Bench;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>Small tokenizers made here, for tests that need no real one.</summary>
internal static class SmallTokenizers
{
    /// <summary>Byte-level BPE: all 256 bytes, a few words, their merges, a special and an ordinary added token.</summary>
    public static JsonObject Json(bool wordLevel = false)
    {
        var vocabulary = new JsonObject();
        foreach (var character in Enumerable.Range(0, 256).Select(ByteTokenizer.Character).Order(StringComparer.Ordinal))
            vocabulary[character] = vocabulary.Count;
        var merges = new JsonArray();
        (string, string)[] pairs = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ã", "©"), ("c", "u"), ("p", "s"), ("cu", "ps"), ("Ġ", "cups")];
        foreach (var (left, right) in pairs)
        {
            vocabulary.TryAdd(left + right, vocabulary.Count);
            merges.Add($"{left} {right}");
        }
        vocabulary["Ġwhole"] = vocabulary.Count;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                Added(vocabulary.Count, "<|end|>", special: true),
                Added(vocabulary.Count + 1, "<think>", special: false)),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = ByteTokenizer.ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteTokenizer.ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = wordLevel,
                ["vocab"] = vocabulary,
                ["merges"] = wordLevel ? new JsonArray() : merges,
            },
        };
    }

    /// <summary>SentencePiece's BPE as Llama 2 has it: characters, bytes where there is none, spaces as ▁, BOS first.</summary>
    public static JsonObject SentencePieceBpe()
    {
        var vocabulary = new JsonObject();
        var bytes = Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>");
        foreach (var token in (string[])["<unk>", "<s>", "</s>", .. bytes, "▁", "t", "h", "e", "c", "a", "▁t", "he", "▁the", "▁c", "at"])
            vocabulary[token] = vocabulary.Count;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>", special: true), Added(1, "<s>", special: true),
                Added(2, "</s>", special: true)),
            ["normalizer"] = JsonNode.Parse(
            """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""),
            ["pre_tokenizer"] = null,
            ["post_processor"] = JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray("▁ t", "h e", "▁t he", "▁ c", "a t"),
            },
        };
    }

    /// <summary>SentencePiece's unigram model as T5 has it: the likeliest split by scores, spaces as ▁, EOS last.</summary>
    public static JsonObject Unigram() => JsonNode.Parse("""
        {
          "added_tokens": [
            {"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
            {"id":1,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
          "normalizer": {"type":"NFKC"},
          "pre_tokenizer": {"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
          "post_processor": {"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[],
            "special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}},
          "decoder": {"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
          "model": {"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":[["<unk>",0],["</s>",0],["▁",-2],["▁the",-3],["▁t",-3.5],["he",-3.5],["▁cat",-4],["t",-5],["c",-5],["a",-5],["s",-4.5],
            ["at",-5.5],["1",-6]]}
        }
        """)!.AsObject();

    public static Tokenizer Parse(JsonObject json, JsonObject? config = null) => Tokenizer.Parse(
        Encoding.UTF8.GetBytes(json.ToJsonString()), "tokenizer.json", config is null ? null
            : new TokenizerConfig(config, "tokenizer_config.json"));

    /// <summary>Loads a model folder of the given files.</summary>
    public static Tokenizer Load(params ReadOnlySpan<(string Name, JsonNode Content)> files)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        try
        {
            foreach (var (name, content) in files)
                File.WriteAllText(Path.Combine(folder, name), content.ToJsonString());
            return Tokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["special"] = special,
        ["normalized"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["single_word"] = false,
    };
}
