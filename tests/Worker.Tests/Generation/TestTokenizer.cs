using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Bench;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Generation;

/// <summary>A tokenizer for the golden models' 512 ids: four special tokens, the 256 bytes, and words that only decode.</summary>
internal static class TestTokenizer
{
    public const int Eos = 3;

    public static Tokenizer Create(string? chatTemplate = null)
    {
        var json = ByteTokenizer.Json(512, ("<pad>", 0), ("<bos>", 1), ("<sep>", 2), ("<eos>", Eos));
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
                    ByteTokenizer.ByteLevel(split: false)),
            },
            ["decoder"] = ByteTokenizer.ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray(), ["ignore_merges"] = true },
        };
        return Tokenizer.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "numbers");
    }
}
