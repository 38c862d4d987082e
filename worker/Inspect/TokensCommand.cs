using System.CommandLine;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect tokens</c>: texts to ids and ids to texts.</summary>
internal static class TokensCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder with tokenizer.json", Required = true, HelpName = "DIR" };
        var add = new Option<bool>("--add-special-tokens") { Description = "Adds the model's special tokens (such as BOS) to every text" };
        var skip = new Option<bool>("--skip-special-tokens") { Description = "Omits special tokens from decoded texts" };
        var command = new Command("tokens",
            "Encode {\"text\":…} to {\"ids\":[…]} and decode {\"ids\":[…]} to {\"text\":…}, one JSON object per line") { model, add, skip };
        command.SetAction(parsed => JsonLines.OnConsole((input, output) =>
            Run(Tokenizer.Load(parsed.GetValue(model)!), input, output, parsed.GetValue(add), parsed.GetValue(skip))));
        return command;
    }

    public static void Run(Tokenizer tokenizer, TextReader input, Stream output, bool addSpecialTokens = false,
        bool skipSpecialTokens = false) =>
        JsonLines.Each(input, output, (line, writer) =>
        {
            var hasText = line.TryGetProperty("text", out var text);
            if (hasText == line.TryGetProperty("ids", out var ids))
                throw new FormatException("expected either 'text' or 'ids'");
            if (hasText)
                JsonLines.Numbers(writer, "ids", tokenizer.Encode(JsonLines.Text(text, "text"), addSpecialTokens));
            else
                writer.WriteString("text", tokenizer.Decode(JsonLines.Ids(ids, "ids"), skipSpecialTokens));
        });
}
