using System.IO.Compression;
using System.Text.Json.Nodes;

namespace LightReasoner.Jinja.Tests;

/// <summary>Every render recorded from Jinja2 with the settings of transformers.</summary>
public class TemplateGoldenTests
{
    private static readonly string[] ContextKeys = ["messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Render_GoldenConversation_IsIdentical(bool core)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(SharedFolder.Of("tokenizers/chat.jsonl.gz")),
            CompressionMode.Decompress));
        var rows = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())
            .Where(r => (bool)r["core"]! == core);
        Check(rows, row => Render((string)row["template"]!, Variables(row), (string?)row["now"]), row => (string)row["id"]!,
            "tokenizers/chat.jsonl.gz", $"conversations, {(core ? "core" : "other")} templates");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Render_OneFeature_IsIdentical(bool core)
    {
        var unit = JsonNode.Parse(File.ReadAllText(SharedFolder.Of("tokenizers/jinja-unit.json")))!.AsObject();
        var rows = unit["cases"]!.AsArray().Select(c => c!.AsObject()).Where(r => (bool)r["core"]! == core);
        Check(rows, row =>
        {
            var variables = unit["context"]!.DeepClone().AsObject();
            foreach (var (name, value) in row["extra_context"]?.AsObject() ?? [])
                variables[name] = value?.DeepClone();
            return Render((string)row["template"]!, variables, (string?)unit["now"]);
        }, row => (string)row["template"]!, "tokenizers/jinja-unit.json", $"one {(core ? "core" : "other")} feature of Jinja each");
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
        var clock = now is null ? null
            : new FixedClock(new DateTimeOffset(DateTime.Parse(now, System.Globalization.CultureInfo.InvariantCulture), TimeSpan.Zero));
        return Template.Parse(template, "template").Render(variables, clock);
    }

    private static void Check(IEnumerable<JsonObject> rows, Func<JsonObject, string> render, Func<JsonObject, string> name,
        string golden, string compared)
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
            catch (TemplateException e)
            {
                actual = row["expected_error"] is null ? e.Message : (string)row["expected_error"]!["kind"]! == "raise_exception"
                    ? $"error: {e.Reason}" : expected;
            }
            if (actual != expected)
                wrong.Add($"{name(row)}\n  expected {JsonValue.Create(expected).ToJsonString()}\n  actual   "
                    + $"{JsonValue.Create(actual).ToJsonString()}");
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
