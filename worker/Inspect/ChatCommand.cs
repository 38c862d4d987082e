using System.CommandLine;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect chat</c>: messages to the text that a model sees.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var model = new Option<string?>("--model") { Description = "Model folder whose chat template is used", HelpName = "DIR" };
        var template = new Option<string?>("--template") { Description = "File with a chat template", HelpName = "FILE" };
        var command = new Command("chat",
            "Render {\"messages\":[…],\"add_generation_prompt\":true,…} to {\"text\":…}, one JSON object per line; \"now\" sets the clock "
            + "of strftime_now") { model, template };
        command.Validators.Add(result =>
        {
            if (result.GetValue(model) is null == result.GetValue(template) is null)
                result.AddError("Either --model or --template is required.");
        });
        command.SetAction(parsed => JsonLines.OnConsole((input, output) =>
            Run(parsed.GetValue(model) is { } directory ? FromModel(directory) : FromFile(parsed.GetValue(template)!), input, output)));
        return command;
    }

    public static void Run(ChatTemplate template, TextReader input, Stream output) =>
        JsonLines.Each(input, output, (line, writer) =>
        {
            var variables = JsonLines.Tree(line);
            var clock = variables.ContainsKey("now") ? new FixedClock(Now(variables["now"])) : null;
            variables.Remove("now");
            writer.WriteString("text", template.Render(variables, clock));
        });

    private static ChatTemplate FromModel(string directory) => ChatTemplate.Read(directory) ?? throw new FileNotFoundException(
        $"{directory}: no chat template (neither chat_template.jinja nor chat_template in tokenizer_config.json)");

    private static ChatTemplate FromFile(string file) => ChatTemplate.Parse(File.ReadAllText(file), file);

    private static DateTimeOffset Now(JsonNode? node) =>
        DateTimeOffset.TryParse(node?.ToString(), null, DateTimeStyles.AssumeUniversal, out var now)
            ? now
            : throw new FormatException("field 'now': expected a date and time such as 2025-07-10T12:00:00, found "
                + $"{node?.ToJsonString() ?? "null"}");

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.CreateCustomTimeZone("fixed", now.Offset, null, null);

        public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();
    }
}
