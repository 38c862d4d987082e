using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>Every render recorded from Jinja2 with the settings of transformers.</summary>
public class ChatTemplateGoldenTests
{
    private static readonly string[] ContextKeys = ["messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Render_GoldenConversation_IsIdentical(bool core)
    {
        var rows = SharedTokenizers.Rows("chat.jsonl.gz").Where(r => (bool)r["core"]! == core);
        Check(rows, row => Render((string)row["template"]!, Variables(row), (string?)row["now"]), row => (string)row["id"]!, "tokenizers/chat.jsonl.gz", $"conversations, {(core ? "core" : "other")} templates");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Render_OneFeature_IsIdentical(bool core)
    {
        var unit = JsonNode.Parse(File.ReadAllText(Path.Combine(SharedTokenizers.Folder, "jinja-unit.json")))!.AsObject();
        var rows = unit["cases"]!.AsArray().Select(c => c!.AsObject()).Where(r => (bool)r["core"]! == core);
        Check(rows, row =>
        {
            var variables = unit["context"]!.DeepClone().AsObject();
            foreach (var (name, value) in row["extra_context"]?.AsObject() ?? [])
                variables[name] = value?.DeepClone();
            return Render((string)row["template"]!, variables, (string?)unit["now"]);
        }, row => (string)row["template"]!, "tokenizers/jinja-unit.json", $"one {(core ? "core" : "other")} feature of Jinja each");
    }

    [Fact]
    public void RenderThenEncode_GoldenConversation_GivesTheSameIds()
    {
        var chats = SharedTokenizers.Rows("chat.jsonl.gz").ToDictionary(r => (string)r["id"]!);
        var (count, wrong) = (0, new List<string>());
        foreach (var row in SharedTokenizers.Rows("chat_ids.jsonl"))
        {
            count++;
            var chat = chats[(string)row["chat_id"]!];
            var ids = SharedTokenizers.Get((string)row["tokenizer"]!).Encode(Render((string)chat["template"]!, Variables(chat), (string?)chat["now"]));
            if (!ids.SequenceEqual(SharedTokenizers.Ids(row["ids"])))
                wrong.Add((string)row["chat_id"]!);
        }
        Assert.Empty(wrong);
        Assert.True(count > 0);
        GoldenLedger.Add("tokenizers/chat_ids.jsonl", "ids of rendered conversations", count);
    }

    private static JsonObject Variables(JsonObject row)
    {
        var variables = new JsonObject();
        foreach (var (name, value) in row.Where(p => ContextKeys.Contains(p.Key)).Concat(row["vars"]?.AsObject() ?? []))
            variables[name] = value?.DeepClone();
        return variables;
    }

    private static string Render(string template, JsonObject variables, string? now)
    {
        var clock = now is null ? null : new FixedClock(new DateTimeOffset(DateTime.Parse(now, System.Globalization.CultureInfo.InvariantCulture), TimeSpan.Zero));
        return ChatTemplate.Parse(template, "template", clock).Render(variables);
    }

    private static void Check(IEnumerable<JsonObject> rows, Func<JsonObject, string> render, Func<JsonObject, string> name, string golden, string compared)
    {
        var (count, wrong) = (0, new List<string>());
        foreach (var row in rows)
        {
            count++;
            var expected = row["expected"] is { } text ? (string)text! : $"error: {Reason(row)}";
            string actual;
            try
            {
                actual = render(row);
            }
            catch (ChatTemplateException e)
            {
                actual = row["expected_error"] is null ? e.Message : (string)row["expected_error"]!["kind"]! == "raise_exception" ? $"error: {e.Reason}" : expected;
            }
            if (actual != expected)
                wrong.Add($"{name(row)}\n  expected {JsonValue.Create(expected).ToJsonString()}\n  actual   {JsonValue.Create(actual).ToJsonString()}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join('\n', wrong.Take(20))}");
        Assert.True(count > 0);
        GoldenLedger.Add(golden, compared, count);
    }

    private static string Reason(JsonObject row) => (string)row["expected_error"]!["message"]!;

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
