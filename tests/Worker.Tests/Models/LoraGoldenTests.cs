using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>The real PEFT's adapter under the published loss, over the 117 kept samples of the published sampler.</summary>
public class LoraGoldenTests
{
    private const string Golden = "goldens/lightreasoner-finetune";

    private const string Projection = "model.layers.0.self_attn.q_proj.weight";

    [Fact]
    public void Forward_BaseAdapterAndMerged_GivePublishedLogits()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model("qwen2-tiny");
        using var tensors = Goldens.Tensors("lightreasoner-finetune.safetensors");
        var samples = Samples.Read();
        GoldenLedger.AddWithin(Golden, "last logits of every sample, without adapter", samples.Count,
            Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("base_logits_last_token")), 1e-4);

        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), loaded.Model);
        GoldenLedger.AddWithin(Golden, "last logits of every sample, with PEFT's adapter", samples.Count,
            Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("lora_logits_last_token")), 1e-4);

        loaded.Model.MergeLora();
        GoldenLedger.AddWithin(Golden, "last logits of every sample, merged", samples.Count,
            Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("lora_logits_last_token")), 1e-4);
        GoldenLedger.AddWithin(Golden, "merged weights", 1,
            Goldens.LargestDifference(Weight(loaded.Model), tensors.Load($"merged.initial.{Projection}")), 1e-5);
        Assert.Null(loaded.Model.Lora);
    }

    [Theory, InlineData(SamplePacking.None), InlineData(SamplePacking.Prompt)]
    public void TrainStep_FiveFullBatchSteps_GivesPublishedLossesNormsAndAdapter(SamplePacking packing)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var adapter = PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
        var golden = Goldens.Json("lightreasoner-finetune.json");
        var losses = golden["losses_before_each_step_and_after_the_last"]!.Numbers();
        var norms = golden["grad_norm_of_all_lora_tensors_per_step"]!.Numbers();
        using (var trainer = new LoraTrainer(model, null, LoraTrainerTests.Samples(), WithPacking(packing)))
        {
            for (var step = 0; step < 5; step++)
            {
                var metrics = trainer.TrainStep();
                GoldenLedger.AddWithin(Golden, "loss of each step, relative", 1, Relative(losses[step], metrics.Loss!.Value), 1e-5);
                GoldenLedger.AddWithin(Golden, "gradient norm of each step, relative", 1,
                    Relative(norms[step], metrics.GradNorm!.Value), 1e-5);
                if (step == 0)
                    CheckAdapter(adapter, "lora-after1.safetensors");
            }
            CheckAdapter(adapter, "lora-adapter-after5/adapter_model.safetensors");
        }
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var tensors = Goldens.Tensors("lightreasoner-finetune.safetensors");
        var samples = Samples.Read();
        model.Model.MergeLora();
        GoldenLedger.AddWithin(Golden, "merged weights", 1,
            Goldens.LargestDifference(Weight(model.Model), tensors.Load($"merged.after5.{Projection}")), 1e-5);
        GoldenLedger.AddWithin(Golden, "last logits of every sample, merged", samples.Count,
            Goldens.LargestDifference(samples.LastLogits(model.Model), tensors.Load("merged_after5_logits_last_token")), 1e-4);
    }

    /// <summary>As one micro batch and as several.</summary>
    [Theory]
    [InlineData(SamplePacking.None, 117, 1), InlineData(SamplePacking.None, 4, 30)]
    [InlineData(SamplePacking.Prompt, 117, 1), InlineData(SamplePacking.Prompt, 4, 30)]
    public void TrainStep_PackedAndNot_HasThePublishedGradient(SamplePacking packing, int batchSize, int accumulation)
    {
        using var published = Goldens.Tensors("lora-grads.safetensors");
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = Goldens.Model("qwen2-tiny");
        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
        using var trainer = new LoraTrainer(model, null, LoraTrainerTests.Samples(), WithPacking(packing, batchSize, accumulation));
        trainer.TrainStep();
        trainer.SaveState(folder.Path);
        using var moments = new SafetensorsFile(folder["optimizer.safetensors"]);
        foreach (var name in published.Entries.Keys)
        {
            // After the first step the mean of the gradients is 1 - beta1 times the gradient.
            var (gradient, golden) = (moments.Load($"{name}.exp_avg").div(1 - 0.9), published.Load(name));
            Assert.True(Goldens.LargestDifference(gradient, golden) < 1e-5 * golden.abs().max().item<float>(), name);
            GoldenLedger.AddWithin(Golden, "LoRA gradients by tensor, relative to the tensor's norm", 1,
                Goldens.RelativeDifference(gradient, golden), 1e-5);
        }
    }

    [Fact]
    public void AddLora_Fresh_ChangesNothingAndStaysInPeftsBounds()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model("qwen2-tiny");
        var ids = Goldens.Batch([5, 6, 7, 8]);
        var before = loaded.Model.forward(ids);

        var adapter = loaded.Model.AddLora(new LoraSpec { Rank = 4, TargetModules = LoraAdapter.Targets }, seed: 7);

        Assert.Equal(3 * 7 * 2, adapter.NamedParameters.Count);
        Assert.True(Goldens.LargestDifference(before, loaded.Model.forward(ids)) < 1e-4);
        foreach (var (name, value) in adapter.NamedParameters)
        {
            var largest = value.abs().max().item<float>();
            if (name.Contains("lora_B"))
                Assert.Equal(0, largest);
            else
                Assert.InRange(largest * Math.Sqrt(value.shape[1]), 0.9, 1);
        }
        Assert.All(loaded.Model.Weights, weight => Assert.False(weight.requires_grad));
        loaded.Model.UnloadLora();
        Assert.All(loaded.Model.Weights, weight => Assert.True(weight.requires_grad));
    }

    [Fact]
    public void AddLora_SameSeed_GivesSameAdapter()
    {
        using var one = Goldens.Model("qwen2-tiny");
        using var two = Goldens.Model("qwen2-tiny");
        var a = one.Model.AddLora(new LoraSpec(), 3).NamedParameters;
        var b = two.Model.AddLora(new LoraSpec(), 3).NamedParameters;
        Assert.All(a.Zip(b), p => Assert.Equal(p.First.Value.bytes.ToArray(), p.Second.Value.bytes.ToArray()));
    }

    [Fact]
    public void Forward_Dropout_ActsInTrainingOnlyAndFollowsItsSeed()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model("qwen2-tiny");
        var options = new LoraSpec { Dropout = 0.3 };
        foreach (var (name, value) in loaded.Model.AddLora(options, 3).NamedParameters)
            if (name.Contains("lora_B"))
                value.add_(0.05);
        var ids = Goldens.Batch([5, 6, 7, 8]);

        loaded.Model.train();
        loaded.Model.SeedDropout(11);
        var first = loaded.Model.forward(ids);
        var second = loaded.Model.forward(ids);
        loaded.Model.SeedDropout(11);
        var again = loaded.Model.forward(ids);
        loaded.Model.eval();
        var calm = loaded.Model.forward(ids);

        Assert.True(Goldens.LargestDifference(first, second) > 1e-4);
        Assert.Equal(0, Goldens.LargestDifference(first, again));
        Assert.Equal(0, Goldens.LargestDifference(calm, loaded.Model.forward(ids)));
    }

    private static FineTuneRunSpec WithPacking(SamplePacking packing, int batchSize = 117, int accumulation = 1) =>
        LoraTrainerTests.Published with
        {
            Training = LoraTrainerTests.Published.Training with
            {
                Packing = packing,
                BatchSize = batchSize,
                GradientAccumulationSteps = accumulation,
            },
        };

    private static void CheckAdapter(LoraAdapter adapter, string file)
    {
        var parameters = adapter.NamedParameters;
        using var scope = NewDisposeScope();
        using var expected = Goldens.Tensors(file);
        var differences = cat([.. parameters.Select(p => p.Value.detach().sub(expected.Load(p.Name)).abs().view(-1))]);
        Assert.True(differences.max().item<float>() < 1e-4);
        Assert.True(differences.gt(1e-5).to(ScalarType.Float32).mean().item<float>() < 1e-3);
        // Near a gradient of nearly nothing Adam's first step is the sign of noise, so a single element says less than their norm.
        var norm = cat([.. parameters.Select(p => expected.Load(p.Name).view(-1))]).norm().item<float>();
        GoldenLedger.AddWithin(Golden, $"adapter after AdamW ({file.Split('/')[0]}), relative to its norm", parameters.Count,
            differences.norm().item<float>() / norm, 1e-5);
    }

    private static double Relative(double expected, double actual) => Math.Abs(expected - actual) / Math.Abs(expected);

    private static Tensor Weight(CausalLM model) => model.NamedParameters().Single(p => p.Name == Projection).Value.detach();

    private sealed record Samples(Tensor Ids, Tensor Last)
    {
        public int Count => (int)Ids.shape[0];

        public static Samples Read()
        {
            int[][] ids = [.. Goldens.Json("lightreasoner-finetune.json")["samples"]!.AsArray()
                .Select(sample => sample!["input_ids"]!.Ids())];
            return new Samples(Goldens.Batch(ids), tensor(ids.Select(sample => (long)sample.Length - 1).ToArray()));
        }

        public Tensor LastLogits(CausalLM model) =>
            model.Head(model.Hidden(Ids).flatten(0, 1).index_select(0, Last + arange(Ids.shape[0]) * Ids.shape[1]));
    }
}
