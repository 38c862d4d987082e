using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tests.Inputs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>
/// Damaged and hostile files: always our own exception with the file's name. Hugging Face's library ends the whole process where it panics,
/// so this also shows that it never does.
/// </summary>
public class TokenizerFuzzTests(ITestOutputHelper output)
{
    private const string Text = "the cups é \U0001F600 <think>x<|end|>\uD800  １２\0 <s>thé";

    private static readonly string[] Normalizers =
    [
        "null", """{"type":"NFKC"}""",
        """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""",
        """{"type":"Sequence","normalizers":[{"type":"Strip","strip_left":true,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"x"},{"type":"Lowercase"}]}""",
        """{"type":"Precompiled","precompiled_charsmap":"CHARSMAP"}""", """{"type":"Nmt"}""", """{"type":"ByteLevel"}""",
    ];

    private static readonly string[] PreTokenizers =
    [
        "null", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""",
        """{"type":"Digits","individual_digits":true}""", """{"type":"Punctuation","behavior":"Contiguous"}""",
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\s+|\\p{L}+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}""",
        """{"type":"CharDelimiterSplit","delimiter":"x"}""", """{"type":"UnicodeScripts"}""", """{"type":"FixedLength","length":2}""",
    ];

    private static readonly string[] Decoders =
    [
        "null", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""",
        """{"type":"WordPiece","prefix":"##","cleanup":true}""", """{"type":"BPEDecoder","suffix":"</w>"}""",
        """{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}""",
    ];

    private static readonly string[] Models =
    [
        """{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"the":1,"th":2,"##e":3,"a":4,"##b":5}}""",
        """{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[UNK]":0,"the":1,"th":2,"a":3}}""",
    ];

    [Fact]
    public void Parse_MutatedFiles_LoadsOrThrowsOurs()
    {
        var random = new Random(5);
        var counts = new Dictionary<string, int>();
        for (var round = 0; round < 400 * OddFiles.FuzzFactor; round++)
        {
            var (json, config) = (Sample(random), round % 3 == 0 ? Config() : null);
            for (var edits = random.Next(1, 3); edits > 0; edits--)
                Restructure(config is not null && random.Next(2) == 0 ? config : json, random);
            var bytes = Encoding.UTF8.GetBytes(json.ToJsonString());
            if (round % 4 == 0)
                bytes = Damage(bytes, random);
            var outcome = Try(() =>
                Use(Tokenizer.Parse(bytes, "tokenizer.json", config is null ? null : new TokenizerConfig(config, "tokenizer.json"))));
            counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
        }
        output.WriteLine(string.Join('\n',
            counts.OrderByDescending(count => count.Value).Take(50).Select(count => $"{count.Value} {count.Key}")));
        Assert.True(counts["loaded"] > 30);
    }

    [Fact]
    public void Parse_CharsmapWithAnyByteChanged_LoadsOrThrowsOurs()
    {
        var json = SmallTokenizers.Unigram();
        var map = Charsmap();
        var random = new Random(3);
        for (var round = 0; round < 400 * OddFiles.FuzzFactor; round++)
        {
            var damaged = map.ToArray();
            for (var edits = random.Next(0, 3); edits > 0; edits--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            json["normalizer"] = new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(damaged) };
            Try(() => Use(SmallTokenizers.Parse(json)));
        }
        json["normalizer"] = new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(map) };
        Assert.Equal(SmallTokenizers.Parse(SmallTokenizers.Unigram()).Encode("the"), SmallTokenizers.Parse(json).Encode("xhe"));
    }

    private static void Use(Tokenizer tokenizer)
    {
        tokenizer.Decode(tokenizer.Encode(Text, addSpecialTokens: true), skipSpecialTokens: true);
        foreach (var text in (string[])["", " ", new string('a', 300), "xhe\uFFFD\u0301"])
            tokenizer.Decode(tokenizer.Encode(text));
        tokenizer.Decode([.. Enumerable.Range(-1, 320)]);
        tokenizer.Decode([8]);
    }

    private static string Try(Action action)
    {
        try
        {
            action();
            return "loaded";
        }
        catch (InvalidDataException e)
        {
            Assert.StartsWith("tokenizer.json", e.Message, StringComparison.Ordinal);
            return e.Message.Length > 100 ? e.Message[..100] : e.Message;
        }
    }

    private static JsonObject Sample(Random random)
    {
        var json = random.Next(5) switch
        {
            0 => SmallTokenizers.SentencePieceBpe(),
            1 or 2 => SmallTokenizers.Unigram(),
            _ => SmallTokenizers.Json(),
        };
        var charsmap = Convert.ToBase64String(Charsmap());
        (string, string[])[] sections = [("normalizer", Normalizers), ("pre_tokenizer", PreTokenizers),
            ("decoder", Decoders), ("model", Models)];
        foreach (var (section, choices) in sections)
        {
            if (random.Next(3) == 0)
                json[section] = JsonNode.Parse(choices[random.Next(choices.Length)]
                    .Replace("CHARSMAP", charsmap, StringComparison.Ordinal));
        }
        return json;
    }

    private static JsonObject Config() => JsonNode.Parse("""
        {"added_tokens_decoder":{"300":{"content":"<a>","special":true,"lstrip":false,"rstrip":true,"normalized":false,"single_word":false}},"bos_token":"<s>","eos_token":{"content":"</s>"},
         "add_bos_token":true,"add_eos_token":false,"additional_special_tokens":["<b>"],"extra_special_tokens":{"image_token":"<c>"},"split_special_tokens":false,"add_prefix_space":false}
        """)!.AsObject();

    /// <summary>A SentencePiece charsmap that turns x into t: a double-array trie of one key, and its replacement.</summary>
    private static byte[] Charsmap()
    {
        var units = new uint[512];
        units[0] = 256u << 10;                      // children of the root are at 256 ^ label
        units[256 ^ 'x'] = 'x' | 0x100 | (1u << 10); // has a value, which is next to it
        units[256 ^ 'x' ^ 1] = 0x8000_0000;         // the replacement begins at 0
        return [.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. "t\0"u8];
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var edits = random.Next(1, 5); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 50), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, original.AsSpan(random.Next(original.Length - 50), 50).ToArray()); break;
                default: bytes.RemoveRange(at, bytes.Count - at); bytes.Add((byte)'}'); break;
            }
        }
        return [.. bytes];
    }

    private static void Restructure(JsonObject json, Random random)
    {
        var places = new List<(JsonNode Parent, string? Name, int Index)>();
        Collect(json);
        var (parent, name, index) = places[random.Next(places.Count)];
        JsonNode? value = random.Next(13) switch
        {
            0 => null,
            1 => -1,
            2 => 16_000_000,
            3 => long.MaxValue,
            4 => "",
            5 => new JsonArray(),
            6 => new JsonObject(),
            7 => random.Next(2) == 0,
            8 => 0,
            9 => JsonNode.Parse("1e999"),
            10 => 1.5,
            11 => "é",
            _ => new string('(', random.Next(3)),
        };
        if (name is null)
            parent[index] = value;
        else if (random.Next(8) == 0)
            parent.AsObject().Remove(name);
        else
            parent[name] = value;

        void Collect(JsonNode node)
        {
            if (node is JsonObject o)
            {
                foreach (var (key, child) in o)
                {
                    // The entries of a vocabulary would drown everything else.
                    if (o.Count < 60 || random.Next(50) == 0)
                        places.Add((o, key, 0));
                    if (child is not null)
                        Collect(child);
                }
            }
            else if (node is JsonArray a)
            {
                for (var i = 0; i < a.Count; i++)
                {
                    places.Add((a, null, i));
                    if (a[i] is { } child)
                        Collect(child);
                }
            }
        }
    }
}
