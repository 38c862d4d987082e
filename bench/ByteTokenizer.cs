using System.Text.Json.Nodes;

namespace LightReasoner.Bench;

/// <summary>A tokenizer of the 256 bytes, with words that only decode.</summary>
public static class ByteTokenizer
{
    /// <summary>The content of tokenizer.json.</summary>
    /// <param name="vocabulary">Number of ids.</param>
    /// <param name="special">Special tokens; every other id is a byte or, after these, a word.</param>
    public static JsonObject Json(int vocabulary, params (string Token, int Id)[] special)
    {
        var ids = new JsonObject(special.Where(one => one.Id < special.Length)
            .Select(one => KeyValuePair.Create(one.Token, (JsonNode?)one.Id)));
        var first = ids.Count;
        for (var id = first; id < vocabulary; id++)
            if (!special.Any(one => one.Id == id))
                ids[id < first + 256 ? Character(id - first) : $"Ġw{id}"] = id;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Select(one => (JsonNode)new JsonObject
            {
                ["id"] = one.Id,
                ["content"] = one.Token,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            })]),
            ["pre_tokenizer"] = ByteLevel(),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = ids, ["merges"] = new JsonArray() },
        };
    }

    /// <summary>Writes a model folder's tokenizer files.</summary>
    public static void Write(string folder, int vocabulary, int eos)
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Json(vocabulary, ("<eos>", eos)).ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject { ["eos_token"] = "<eos>" }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), new JsonObject { ["eos_token_id"] = eos }.ToJsonString());
    }

    /// <summary>The part of tokenizer.json that turns bytes into characters and back.</summary>
    public static JsonObject ByteLevel(bool split = true) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = true,
        ["use_regex"] = split,
    };

    /// <summary>GPT-2's printable stand-in for a byte.</summary>
    public static string Character(int value)
    {
        return ((char)(Printable(value) ? value : 256 + Enumerable.Range(0, value).Count(v => !Printable(v)))).ToString();

        static bool Printable(int v) => v is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
    }
}
