using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>Every pair recorded from Hugging Face's own library.</summary>
public class TokenizerGoldenTests
{
    [Theory]
    [InlineData("qwen2.5")]
    [InlineData("qwen3")]
    [InlineData("qwen2")]
    [InlineData("deepseek-r1-distill-qwen")]
    [InlineData("deepseek-r1-distill-qwen-resaved")]
    [InlineData("llama3.1")]
    [InlineData("llama3")]
    public void Encode_GoldenText_GivesTheSameIds(string name)
    {
        var rows = SharedTokenizers.Rows("encode.jsonl").Where(r => (string)r["tokenizer"]! == name && r["uses_tokenizer_config"] is null);
        Check(
            rows,
            row => string.Join(",", SharedTokenizers.Get(name).Encode(Text(row), (bool)row["add_special_tokens"]!)),
            row => string.Join(",", SharedTokenizers.Ids(row["ids"])),
            "tokenizers/encode.jsonl", $"ids of {name}", mayBeEmpty: true);
    }

    [Fact]
    public void Encode_AddBosTokenInConfig_PutsBosFirst()
    {
        const string name = "deepseek-r1-distill-qwen";
        var config = Path.Combine(SharedTokenizers.Folder, name, "tokenizer_config.json");
        var special = new TokenizerConfig(JsonNode.Parse(File.ReadAllText(config))!.AsObject(), config);
        var tokenizer = Tokenizer.Parse(SharedTokenizers.Json(name), name, special);
        Check(
            SharedTokenizers.Rows("encode.jsonl").Where(r => r["uses_tokenizer_config"] is not null),
            row => string.Join(",", tokenizer.Encode(Text(row), (bool)row["add_special_tokens"]!)),
            row => string.Join(",", SharedTokenizers.Ids(row["ids"])),
            "tokenizers/encode.jsonl", "ids with add_bos_token of tokenizer_config.json");
        Assert.Equal((151646, 151643), (tokenizer.BosId, tokenizer.EosId));
    }

    [Fact]
    public void Decode_GoldenIds_GivesTheSameText() => Check(
        SharedTokenizers.Rows("decode.jsonl"),
        row => SharedTokenizers.Get((string)row["tokenizer"]!).Decode(SharedTokenizers.Ids(row["ids"]), (bool)row["skip_special_tokens"]!),
        row => (string)row["text"]!,
        "tokenizers/decode.jsonl", "text of ids");

    [Fact]
    public void Mini_GoldenRows_EncodeAndDecodeTheSame() => Check(
        SharedTokenizers.Rows("mini/encode.jsonl"),
        row =>
        {
            var tokenizer = SharedTokenizers.Get((string)row["tokenizer"]!);
            var ids = tokenizer.Encode(Text(row), (bool)row["add_special_tokens"]!);
            return $"{string.Join(",", ids)}|{tokenizer.Decode(SharedTokenizers.Ids(row["ids"]))}|{tokenizer
                .Decode(SharedTokenizers.Ids(row["ids"]), true)}";
        },
        row => $"{string.Join(",", SharedTokenizers.Ids(row["ids"]))}|{(string)row["decoded"]!}|{(string)row["decoded_skip_special"]!}",
        "tokenizers/mini/encode.jsonl", "ids and both texts, unusual settings");

    [Fact]
    public void Encode_RenderedConversation_GivesTheSameIds()
    {
        var chats = SharedTokenizers.Rows("chat.jsonl.gz").ToDictionary(r => (string)r["id"]!);
        Check(
            SharedTokenizers.Rows("chat_ids.jsonl"),
            row => string.Join(",", SharedTokenizers.Get((string)row["tokenizer"]!).Encode(Render(chats[(string)row["chat_id"]!]))),
            row => string.Join(",", SharedTokenizers.Ids(row["ids"])),
            "tokenizers/chat_ids.jsonl", "ids of rendered conversations");
    }

    private static string Render(JsonObject chat)
    {
        string[] names = ["messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"];
        var variables = new JsonObject(chat.Where(p => names.Contains(p.Key)).Concat(chat["vars"]?.AsObject() ?? [])
            .Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
        var now = (string?)chat["now"] is { } text
            ? new FakeTimeProvider(new DateTimeOffset(DateTime.Parse(text, CultureInfo.InvariantCulture), TimeSpan.Zero)) : null;
        return ChatTemplate.Parse((string)chat["template"]!, "template").Render(variables, now);
    }

    private static void Check(IEnumerable<JsonObject> rows, Func<JsonObject, string> actual, Func<JsonObject, string> expected,
        string golden, string compared, bool mayBeEmpty = false)
    {
        var (count, wrong) = (0, new List<string>());
        foreach (var row in rows)
        {
            count++;
            var (a, e) = (actual(row), expected(row));
            if (a != e)
                wrong.Add($"{row["id"]} {row["tag"]}: {row["text"]?.ToJsonString()}\n  expected {e}\n  actual   {a}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join('\n', wrong.Take(20))}");
        Assert.True(count > 0 || mayBeEmpty);
        if (count > 0)
            GoldenLedger.Add(golden, compared, count);
    }

    private static string Text(JsonObject row) =>
        row["text_utf16"] is JsonArray units ? new string([.. units.Select(u => (char)(int)u!)]) : (string)row["text"]!;
}
