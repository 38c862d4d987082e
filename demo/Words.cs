using System.Text.Json.Nodes;

namespace LightReasoner.Demo;

/// <summary>The demo's language: every word is one token, a number is its digits, the first with the space before it.</summary>
internal static class Words
{
    public const string EndOfText = "<|endoftext|>";

    public static readonly string[] Names = ["Tom", "Ann", "Ben", "Eva", "Max", "Mia", "Sam", "Zoe"];

    public static readonly string[] Things = ["cups", "pens", "nuts", "toys", "caps", "keys", "eggs", "bags"];

    public static readonly string[] GainVerbs = ["buys", "finds", "wins", "makes", "earns", "picks", "collects", "borrows"];

    public static readonly string[] LossVerbs = ["sells", "loses", "breaks", "gives", "drops", "throws", "lends", "burns"];

    private static readonly string[] Others = ["has", "Then", "gets", "times", "as", "many", "How", "does", "have", "now"];

    /// <summary>
    /// <c>tokenizer.json</c>: byte-level BPE without merges. <c>ignore_merges</c> makes a piece that the vocabulary holds one token, and
    /// the
    /// split pattern makes every word, digit, sign and line end such a piece.
    /// </summary>
    public static JsonObject TokenizerJson()
    {
        var vocabulary = new JsonObject { [EndOfText] = 0 };
        var digits = Enumerable.Range(0, 10).Select(d => d.ToString(System.Globalization.CultureInfo.InvariantCulture));
        // A name starts the text or follows a space; the other words always follow one.
        string[] pieces =
        [
            .. digits, .. digits.Select(d => "Ġ" + d), "Ċ", ".", "?", "####", "Ġ+", "Ġ-", "Ġ*", "Ġ=",
            .. Names, .. Names.Select(n => "Ġ" + n), .. ((string[])[.. Others, .. Things, .. GainVerbs, .. LossVerbs]).Select(w => "Ġ" + w),
        ];
        foreach (var piece in pieces) vocabulary.Add(piece, vocabulary.Count);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = 0,
                ["content"] = EndOfText,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = @" ?\p{L}+| ?\p{N}|####| ?[^\s\p{L}\p{N}#]|\s" },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    new JsonObject
                    {
                        ["type"] = "ByteLevel",
                        ["add_prefix_space"] = false,
                        ["trim_offsets"] = false,
                        ["use_regex"] = false
                    }),
            },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = false,
                ["use_regex"] = false
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }
}
