using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Training steps of refinement against the published trainer (../shared/goldens/refine.json), on its random numbers.</summary>
public class RefineGoldenTests
{
    /// <summary>All rows as one micro batch, and each as one of its own: the mean is over the tokens of the step.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void TrainStep_PublishedCases_GivesPublishedLossesAndGradients(bool apart)
    {
        foreach (var golden in Goldens.Json("refine.json")["cases"]!.AsArray())
            Check(golden!, apart);
    }

    private static void Check(JsonNode golden, bool apart)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        var rows = Enumerable.Range(0, golden["t0"]!.AsArray().Count).Select(row => Row(golden, row)).ToArray();
        var spec = new RefineRunSpec
        {
            Compatibility = apart ? Compatibility.Corrected : Compatibility.Published,
            Iterative = new IterativeSpec { NumIterations = 3, LossWeights = golden["weights"]!.Numbers() },
            Training = new RefineTraining
            {
                MaxSteps = 1,
                BatchSize = apart ? 1 : rows.Length,
                GradientAccumulationSteps = apart ? rows.Length : 1,
                MaxGradNorm = 1e9,
                WarmupRatio = 0,
            },
        };
        // Rows that are equal but for their noise may change places.
        var left = Enumerable.Range(0, rows.Length).ToList();
        using var trainer = new RefineTrainer(model, (int)golden["eos_token_id"]!, rows, spec, noise: (_, _, sequence) =>
        {
            var row = left.First(row => rows[row].Ids.SequenceEqual(sequence.Ids));
            left.Remove(row);
            return ((float)golden["t"]![row]!, Array.ConvertAll(golden["u"]![row]!.Numbers()[..sequence.Ids.Length], u => (float)u));
        });
        if (apart && (string)golden["name"]! is "eos-inside-response" or "pad-after-eos-outside-mask")
            return; // where the published noise overwrites real tokens, ours does not
        var metrics = trainer.TrainStep();
        Assert.Empty(left);

        double total = 0;
        for (var pass = 0; pass < 3; pass++)
        {
            var loss = (double)golden[$"loss_s{pass}"]!;
            GoldenLedger.AddWithin("goldens/refine.json", "loss of each pass", 1, Math.Abs(loss - metrics.Losses![pass]), 1e-5);
            total += loss * spec.Iterative.WeightOf(pass);
        }
        Assert.Equal(total, metrics.LossTotal!.Value, 1e-5);
        var norm = (double)golden["grad_norm"]!;
        GoldenLedger.AddWithin("goldens/refine.json", "gradient norm, relative", 1, norm == metrics.GradNorm ? 0
            : Math.Abs(norm - metrics.GradNorm!.Value) / norm, 1e-5);
        if ((string)golden["name"]! != "main")
            return;
        trainer.SaveState(folder.Path);
        using var moments = new SafetensorsFile(folder["optimizer.safetensors"]);
        using var gradients = Goldens.Tensors("refine-grads.safetensors");
        foreach (var (name, _) in model.Model.NamedParameters())
        {
            // After the first step the mean of the gradients is 1 - beta1 times the gradient.
            var gradient = moments.Load($"{name}.exp_avg").div(1 - spec.Training.Betas[0]);
            GoldenLedger.AddWithin("goldens/refine.json", "gradient of every parameter, three weighted passes", 1,
                Goldens.LargestDifference(gradient, gradients.Load($"main.{name}")), 2e-5);
        }
    }

    /// <summary>The row without what follows its response: the published program carries padding along, ours does not.</summary>
    private static RefineSequence Row(JsonNode golden, int row)
    {
        var mask = golden["response_mask"]![row]!.Ids();
        return new RefineSequence(golden["t0"]![row]!.Ids()[..(Array.LastIndexOf(mask, 1) + 1)], Array.IndexOf(mask, 1));
    }
}
