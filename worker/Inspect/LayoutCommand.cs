using System.CommandLine;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Refinement;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect layout</c>: what interleaved-mask training makes of prompts and responses.</summary>
internal static class LayoutCommand
{
    public static Command Create()
    {
        var block = new Option<int>("--block-size") { Description = "Tokens of a block.", Required = true }.Within(1, 1024);
        var length = Tools.Option("--max-length", "Longest sequence: prompt, response and EOS together.", 2048).Within(1, 1 << 20);
        var truncation = Tools.Option("--truncation", "right, left or error.", Truncation.Right);
        var eos = Tools.Option("--eos", "Id of EOS, which is also the mask.", 3);
        var command = new Command("layout",
            "Lays {\"prompt\":[ids],\"response\":[ids]} out as {\"ids\",\"labels\",\"positions\",\"mask\"}, one JSON object per line.")
            { block, length, truncation, eos };
        command.SetAction(parsed => JsonLines.OnConsole((input, output) =>
            Run(input, output, parsed.GetValue(block), parsed.GetValue(length),
            parsed.GetValue(truncation), parsed.GetValue(eos))));
        return command;
    }

    /// <summary>Labels are -100 where nothing is predicted; the mask has a row for every token, with 1 for what it attends to.</summary>
    internal static void Run(TextReader input, Stream output, int blockSize, int maxLength, Truncation truncation, int eos) =>
        JsonLines.Each(input, output, (line, writer) =>
    {
        var (prompt, response) = (Field("prompt"), Field("response"));
        var sequence = RefineSequence.Build(prompt, response, eos, EosTail.OfLength(1), maxLength, truncation);
        var layout = InterleavedLayout.Of(sequence, blockSize, eos);
        JsonLines.Numbers(writer, "ids", layout.Ids);
        JsonLines.Numbers(writer, "labels", [.. layout.Labels.Select(label => label < 0 ? -100 : label)]);
        JsonLines.Numbers(writer, "positions", layout.Positions);
        using (torch.NewDisposeScope())
        {
            bool[] mask = [.. InterleavedLayout.AttentionMask([layout], torch.CPU).data<bool>()];
            writer.WriteStartArray("mask");
            foreach (var row in mask.Chunk(layout.Ids.Length))
                writer.WriteStringValue(string.Concat(row.Select(sees => sees ? '1' : '0')));
            writer.WriteEndArray();
        }

        int[] Field(string name) => line.TryGetProperty(name, out var ids) ? JsonLines.Ids(ids, name)
            : throw new FormatException($"field '{name}' is missing");
    });
}
