using System.Text.Json.Nodes;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

public class FullGradientGoldenTests
{
    /// <summary>With checkpointing every layer is computed twice, and the gradient is the same.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Backward_ThreeWeightedPasses_GivesPublishedGradientOfEveryParameter(bool checkpointing)
    {
        using var scope = NewDisposeScope();
        using var loaded = Goldens.Model("qwen2-tiny");
        using var gradients = Goldens.Tensors("refine-grads.safetensors");
        var golden = Goldens.Json("refine.json")["cases"]!.AsArray().Single(c => (string?)c!["name"] == "main")!;
        var clean = Rows(golden["t0"]!);
        var counted = Rows(golden["response_mask"]!).narrow(1, 1, clean.shape[1] - 1).reshape(-1).nonzero().squeeze(-1);
        var targets = clean.narrow(1, 1, clean.shape[1] - 1).reshape(-1).index_select(0, counted);
        loaded.Model.train();

        loaded.Model.Checkpointing = checkpointing;
        var total = zeros([]);
        foreach (var (input, weight) in ((string[])["s0", "s1", "s2"]).Zip((double[])[1, 0.5, 0.25]))
        {
            var hidden = loaded.Model.Hidden(Rows(golden[input]!)).narrow(1, 0, clean.shape[1] - 1).reshape(-1, 64);
            var loss = nn.functional.cross_entropy(loaded.Model.Head(hidden.index_select(0, counted)), targets);
            Assert.Equal(golden[$"loss_{input}"]!.GetValue<double>(), loss.item<float>(), 1e-5);
            total = total + loss * weight;
        }
        total.backward();

        Assert.Equal(gradients.Entries.Keys.Count(key => key.StartsWith("main.", StringComparison.Ordinal)), loaded.Model.NamedGradients().Count);
        foreach (var (name, gradient) in loaded.Model.NamedGradients())
            GoldenLedger.AddWithin("goldens/refine.json", "gradient of every parameter, three weighted passes", 1, Goldens.LargestDifference(gradient, gradients.Load($"main.{name}")), 2e-5);
        var norm = Math.Sqrt(loaded.Model.NamedGradients().Sum(p => p.Value.square().sum().item<float>()));
        Assert.Equal(golden["grad_norm"]!.GetValue<double>(), norm, 1e-4 * norm);
    }

    private static Tensor Rows(JsonNode rows) => Goldens.Batch([.. rows.AsArray().Select(r => r!.Ids())]);
}
