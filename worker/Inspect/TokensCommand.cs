using System.CommandLine;
using System.Text.Json;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect tokens</c>: texts to ids and ids to texts.</summary>
public static class TokensCommand
{
    /// <summary>The command line.</summary>
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model folder with tokenizer.json", Required = true, HelpName = "DIR" };
        var add = new Option<bool>("--add-special-tokens") { Description = "Put the model's own tokens (BOS …) around every text" };
        var skip = new Option<bool>("--skip-special-tokens") { Description = "Leave special tokens out of decoded texts" };
        var command = new Command("tokens", "Encode {\"text\":…} to {\"ids\":[…]} and decode {\"ids\":[…]} to {\"text\":…}, one JSON object per line") { model, add, skip };
        command.SetAction(parsed => JsonLines.RunOnConsole((input, output, errors) =>
            Run(Tokenizer.Load(parsed.GetValue(model)!), input, output, errors, parsed.GetValue(add), parsed.GetValue(skip))));
        return command;
    }

    /// <summary>Encodes or decodes every line; returns the exit code.</summary>
    public static int Run(Tokenizer tokenizer, TextReader input, TextWriter output, TextWriter errors, bool addSpecialTokens = false, bool skipSpecialTokens = false) =>
        JsonLines.Run(input, output, errors, (line, writer) =>
        {
            var hasText = line.TryGetProperty("text", out var text);
            if (hasText == line.TryGetProperty("ids", out var ids))
                throw new FormatException("expected either 'text' or 'ids'");
            writer.WriteStartObject();
            if (hasText)
            {
                writer.WriteStartArray("ids");
                foreach (var id in tokenizer.Encode(JsonLines.Text(text, "text"), addSpecialTokens))
                    writer.WriteNumberValue(id);
                writer.WriteEndArray();
            }
            else
            {
                writer.WriteString("text", tokenizer.Decode(Ids(ids), skipSpecialTokens));
            }
            writer.WriteEndObject();
        });

    private static int[] Ids(JsonElement ids)
    {
        if (ids.ValueKind != JsonValueKind.Array)
            throw new FormatException($"field 'ids': expected an array, found {ids.ValueKind.ToString().ToLowerInvariant()}");
        return [.. ids.EnumerateArray().Select((id, i) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) && value >= 0
            ? value
            : throw new FormatException($"field 'ids[{i}]': expected a token id, found {id.GetRawText()}"))];
    }
}
