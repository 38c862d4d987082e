using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Generation;

/// <summary>A tokenizer for the golden models' 512 ids: four special tokens, the 256 bytes, and words that only decode.</summary>
internal static class TestTokenizer
{
    public const int Eos = 3;

    public static Tokenizer Create(string? chatTemplate = null)
    {
        string[] special = ["<pad>", "<bos>", "<sep>", "<eos>"];
        var vocabulary = new JsonObject(special.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id)));
        for (var value = 0; value < 256; value++)
            vocabulary[ByteCharacter(value)] = 4 + value;
        for (var id = 260; id < 512; id++)
            vocabulary[$"Ġw{id}"] = id;
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Select((content, id) => (JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
                    ["normalized"] = false, ["special"] = true,
            })]),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = true,
                ["use_regex"] = true
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = true,
                ["use_regex"] = true
            },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        return Tokenizer.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "test", chatTemplate: chatTemplate is null ? null
            : ChatTemplate.Parse(chatTemplate, "test"));
    }

    /// <summary>
    /// A tokenizer whose text is the ids in decimal, as in the goldens: <c>17 4 300</c>. With an order, the number i has the id order[i].
    /// </summary>
    public static Tokenizer OfNumbers(int[]? order = null)
    {
        var vocabulary = new JsonObject();
        foreach (var number in Enumerable.Range(0, 512))
            vocabulary[$"{number}"] = order?[number] ?? number;
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["String"] = " " },
                        ["behavior"] = "Removed",
                        ["invert"] = false
                    },
                    new JsonObject
                    {
                        ["type"] = "ByteLevel",
                        ["add_prefix_space"] = false,
                        ["trim_offsets"] = true,
                        ["use_regex"] = false
                    }),
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = true,
                ["use_regex"] = true
            },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray(), ["ignore_merges"] = true },
        };
        return Tokenizer.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "numbers");
    }

    /// <summary>GPT-2's printable stand-in for a byte.</summary>
    public static string ByteCharacter(int value)
    {
        if (Printable(value))
            return ((char)value).ToString();
        return ((char)(256 + Enumerable.Range(0, value).Count(v => !Printable(v)))).ToString();

        static bool Printable(int v) => v is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
    }
}
