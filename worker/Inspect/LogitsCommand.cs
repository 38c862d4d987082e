using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect logits</c>: the model's logits for lines of ids, to hold it against another implementation.</summary>
internal static class LogitsCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        var adapter = Tools.AdapterOption();
        var last = new Option<bool>("--last") { Description = "The last position only." };
        var command = new Command("logits", "Reads {\"ids\":[…]} a line and writes {\"logits\":[[…]…]} a line.") { model, adapter, dtype,
            last };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var loaded = await Tools.LoadModelAsync(parsed.GetValue(model)!, parsed.GetValue(adapter),
                parsed.GetValue(dtype)!, cancellation);
            JsonLines.OnConsole((input, output) => Run(loaded, parsed.GetValue(last), input, output));
            return 0;
        });
        return command;
    }

    internal static void Run(LoadedModel loaded, bool lastOnly, TextReader input, Stream output) =>
        JsonLines.Each(input, output, (line, writer) =>
    {
        var ids = line.TryGetProperty("ids", out var given)
            ? TokenIds.Check(JsonLines.Ids(given, "ids"), loaded.Model.Config.VocabSize, "field 'ids'")
            : throw new FormatException("needs 'ids'");
        if (ids.Length == 0) throw new FormatException("field 'ids': holds no ids");
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var hidden = loaded.Model.Hidden(Transfer.Padded([ids], loaded.Model.Device))[0];
        writer.WriteStartArray("logits");
        for (int position = lastOnly ? ids.Length - 1 : 0; position < ids.Length; position++)
        {
            using var row = torch.NewDisposeScope();
            writer.WriteStartArray();
            foreach (var value in loaded.Model.Head(hidden[position]).to(torch.ScalarType.Float32).cpu().contiguous().data<float>())
                writer.WriteNumberValue(value);
            writer.WriteEndArray();
            writer.Flush(); // a row can be megabytes
        }
        writer.WriteEndArray();
    });
}
