using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>Small tokenizers made here, for tests that need no real one.</summary>
internal static class SmallTokenizers
{
    /// <summary>All 256 bytes, a few words, their merges, a special and an ordinary added token.</summary>
    public static JsonObject Json(bool wordLevel = false)
    {
        var vocabulary = new JsonObject();
        foreach (var c in Enumerable.Range(0, 0x144).Select(i => (char)i).Where(c => ByteAlphabet.ToByte(c) >= 0))
            vocabulary[c.ToString()] = vocabulary.Count;
        var merges = new JsonArray();
        foreach (var (left, right) in new[] { ("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ã", "©"), ("c", "u"), ("p", "s"), ("cu", "ps"), ("Ġ", "cups") })
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
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = wordLevel,
                ["vocab"] = vocabulary,
                ["merges"] = wordLevel ? new JsonArray() : merges,
            },
        };
    }

    public static Tokenizer Parse(JsonObject json, JsonObject? config = null) => Tokenizer.Parse(
        Encoding.UTF8.GetBytes(json.ToJsonString()), "tokenizer.json", config is null ? null : SpecialTokens.Parse(config, [], "tokenizer_config.json"));

    /// <summary>Writes a model folder and returns its path.</summary>
    public static string Folder(JsonObject json, JsonObject? config = null)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        if (config is not null)
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
        return folder;
    }

    private static JsonObject Added(int id, string content, bool special) => new()
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
