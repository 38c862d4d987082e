using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Commands;
using TorchSharp;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect logits</c>: the model's logits for lines of ids, to hold it against another implementation.</summary>
internal static class LogitsCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        Option<string?> adapter = Tools.AdapterOption();
        var last = new Option<bool>("--last") { Description = "The last position only." };
        var command = new Command("logits", "Reads {\"ids\":[…]} a line and writes {\"logits\":[[…]…]} a line.") { model, adapter, dtype, last };
        command.SetAction(parsed =>
        {
            using LoadedModel loaded = Tools.LoadModel(parsed.GetValue(model)!, parsed.GetValue(adapter), parsed.GetValue(dtype)!);
            foreach ((int line, JsonObject value) in Tools.Lines(Console.In))
            {
                int[] ids = Tools.Ids(line, value, loaded.Model.Config.VocabSize, tokenizer: null);
                Console.Out.WriteLine(new JsonObject { ["logits"] = Logits(loaded, ids, parsed.GetValue(last)) }.ToJsonString());
            }
            return 0;
        });
        return command;
    }

    private static JsonArray Logits(LoadedModel loaded, int[] ids, bool lastOnly)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        torch.Tensor input = torch.tensor([.. ids.Select(id => (long)id)], torch.ScalarType.Int64, loaded.Model.Device).unsqueeze(0);
        torch.Tensor hidden = loaded.Model.Hidden(input)[0];
        if (lastOnly) hidden = hidden.narrow(0, ids.Length - 1, 1);
        torch.Tensor logits = loaded.Model.Logits(hidden).to(torch.ScalarType.Float32).cpu().contiguous();
        float[] values = logits.data<float>().ToArray();
        int width = (int)logits.shape[^1];
        return new JsonArray([.. values.Chunk(width).Select(row => (JsonNode)new JsonArray([.. row.Select(v => (JsonNode)v)]))]);
    }
}
