using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>The passes of refinement training against the published trainer (../shared/goldens/refine.json).</summary>
public class RefineGoldenTests
{
    [Fact]
    public void Passes_PublishedCases_GivePublishedInputsLossesAndGradients()
    {
        foreach (var golden in Goldens.Json("refine.json")["cases"]!.AsArray())
        {
            using var scope = NewDisposeScope();
            using var model = Goldens.Model("qwen2-tiny");
            Check(golden!, model.Model);
        }
    }

    private static void Check(JsonNode golden, CausalLM model)
    {
        var eos = (int)golden["eos_token_id"]!;
        var rows = Enumerable.Range(0, golden["t0"]!.AsArray().Count).Select(row => Row(golden, row)).ToArray();
        using var batch = new RefineBatch(rows, CPU);
        Assert.Equal((int)golden["valid_tokens"]!, batch.Targets.size(0));
        var noised = Enumerable.Range(0, rows.Length).Select(row => Noised(golden, row, eos)).ToArray();
        for (var row = 0; row < rows.Length; row++)
            Assert.Equal(golden["s0"]![row]!.Ids(), noised[row]);

        var ids = Goldens.Batch([.. noised.Select((ids, row) => ids[..rows[row].Ids.Length])]);
        var weights = golden["weights"]!.Numbers();
        for (var pass = 0; pass < 3; pass++)
        {
            for (var row = 0; row < rows.Length; row++)
                Assert.Equal(golden[$"s{pass}"]![row]!.Ids().Take(rows[row].Ids.Length), ids[row].data<long>().Take(rows[row].Ids.Length).Select(id => (int)id));
            GoldenLedger.Add("goldens/refine.json", "model inputs s0, s1, s2 by row", rows.Length);
            var logits = model.Head(batch.Predictors(model.Hidden(ids)));
            var loss = nn.functional.cross_entropy(logits, batch.Targets);
            GoldenLedger.AddWithin("goldens/refine.json", "loss of each pass", 1, Math.Abs((double)golden[$"loss_s{pass}"]! - loss.item<float>()), 1e-5);
            loss.mul(weights[pass]).backward();
            ids = batch.WithResponses(logits.detach().argmax(-1));
        }
        var norm = nn.utils.clip_grad_norm_(model.Weights, double.PositiveInfinity);
        var expected = (double)golden["grad_norm"]!;
        GoldenLedger.AddWithin("goldens/refine.json", "gradient norm, relative", 1, norm == expected ? 0 : Math.Abs(norm - expected) / expected, 1e-5);
        if ((string)golden["name"]! == "main")
        {
            using var gradients = Goldens.Tensors("refine-grads.safetensors");
            Assert.All(model.NamedGradients(), p => Assert.True(Goldens.LargestDifference(p.Value, gradients.Load($"main.{p.Name}")) < 2e-5, p.Name));
        }
    }

    /// <summary>The row without what follows its response: the published program carries padding along, ours does not.</summary>
    private static RefineSequence Row(JsonNode golden, int row)
    {
        var mask = golden["response_mask"]![row]!.Ids();
        return new RefineSequence(golden["t0"]![row]!.Ids()[..(Array.LastIndexOf(mask, 1) + 1)], Array.IndexOf(mask, 1));
    }

    private static int[] Noised(JsonNode golden, int row, int eos) => Array.ConvertAll(EosNoise.Apply(
        Array.ConvertAll(golden["t0"]![row]!.Ids(), id => (long)id),
        Array.ConvertAll(golden["response_mask"]![row]!.Ids(), m => m == 1),
        Array.ConvertAll(golden["u"]![row]!.Numbers(), u => (float)u),
        (float)golden["t"]![row]!, eos, eos, Compatibility.Published).Noised, id => (int)id);
}
