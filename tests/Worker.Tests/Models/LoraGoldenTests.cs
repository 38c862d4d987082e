using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tests.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>The real PEFT's adapter under the published loss, over the 117 kept samples of the published sampler.</summary>
[Collection(TorchGeneratorCollection.Name)]
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
        GoldenLedger.AddWithin(Golden, "last logits of every sample, without adapter", samples.Count, Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("base_logits_last_token")), 1e-4);

        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), loaded.Model);
        GoldenLedger.AddWithin(Golden, "last logits of every sample, with PEFT's adapter", samples.Count, Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("lora_logits_last_token")), 1e-4);

        loaded.Model.MergeLora();
        GoldenLedger.AddWithin(Golden, "last logits of every sample, merged", samples.Count, Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("lora_logits_last_token")), 1e-4);
        GoldenLedger.AddWithin(Golden, "merged weights", 1, Goldens.LargestDifference(Weight(loaded.Model), tensors.Load($"merged.initial.{Projection}")), 1e-5);

        loaded.Model.UnmergeLora();
        loaded.Model.Lora!.Enabled = false;
        Assert.True(Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("base_logits_last_token")) < 1e-4);
    }

    [Fact]
    public void Train_FiveAdamWSteps_GivesPublishedGradientsAndAdapters()
    {
        using var scope = NewDisposeScope();
        using var loaded = Goldens.Model("qwen2-tiny");
        var golden = Goldens.Json("lightreasoner-finetune.json");
        var losses = golden["losses_before_each_step_and_after_the_last"]!.Numbers();
        var norms = golden["grad_norm_of_all_lora_tensors_per_step"]!.Numbers();
        var samples = Samples.Read();
        var adapter = PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), loaded.Model);
        var parameters = adapter.NamedParameters();
        using var optimizer = optim.AdamW(parameters.Select(p => p.Value), lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0);
        loaded.Model.train();

        for (var step = 0; step < 5; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            var loss = samples.Loss(loaded.Model);
            GoldenLedger.AddWithin(Golden, "loss before each AdamW step and after the last, relative", 1, Relative(losses[step], loss.item<float>()), 1e-5);
            loss.backward();
            if (step == 0)
                using (var gradients = Goldens.Tensors("lora-grads.safetensors"))
                    foreach (var (name, value) in parameters)
                    {
                        Assert.True(Goldens.LargestDifference(value.grad!, gradients.Load(name)) < 1e-6, name);
                        GoldenLedger.AddWithin(Golden, "LoRA gradients by tensor, relative to the tensor's norm", 1, Goldens.RelativeDifference(value.grad!, gradients.Load(name)), 1e-5);
                    }
            var norm = Math.Sqrt(parameters.Sum(p => p.Value.grad!.square().sum().item<float>()));
            GoldenLedger.AddWithin(Golden, "gradient norm of each step, relative", 1, Relative(norms[step], norm), 1e-5);
            optimizer.step();
            if (step == 0)
                CheckAdapter(parameters, "lora-after1.safetensors");
        }

        CheckAdapter(parameters, "lora-adapter-after5/adapter_model.safetensors");
        GoldenLedger.AddWithin(Golden, "loss before each AdamW step and after the last, relative", 1, Relative(losses[5], samples.Loss(loaded.Model).item<float>()), 1e-5);
        loaded.Model.MergeLora();
        using var tensors = Goldens.Tensors("lightreasoner-finetune.safetensors");
        GoldenLedger.AddWithin(Golden, "merged weights", 1, Goldens.LargestDifference(Weight(loaded.Model), tensors.Load($"merged.after5.{Projection}")), 1e-5);
        GoldenLedger.AddWithin(Golden, "last logits of every sample, merged", samples.Count, Goldens.LargestDifference(samples.LastLogits(loaded.Model), tensors.Load("merged_after5_logits_last_token")), 1e-4);
    }

    [Fact]
    public void AddLora_Fresh_ChangesNothingAndStaysInPeftsBounds()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model("qwen2-tiny");
        var ids = Goldens.Batch([5, 6, 7, 8]);
        var before = loaded.Model.forward(ids);

        var adapter = loaded.Model.AddLora(new LoraOptions { Rank = 4, TargetModules = LoraOptions.Targets }, seed: 7);

        Assert.Equal(3 * 7 * 2, adapter.NamedParameters().Count);
        Assert.True(Goldens.LargestDifference(before, loaded.Model.forward(ids)) < 1e-4);
        foreach (var (name, value) in adapter.NamedParameters())
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
        var a = one.Model.AddLora(new LoraOptions(), 3).NamedParameters();
        var b = two.Model.AddLora(new LoraOptions(), 3).NamedParameters();
        Assert.All(a.Zip(b), p => Assert.Equal(p.First.Value.bytes.ToArray(), p.Second.Value.bytes.ToArray()));
    }

    [Fact]
    public void Forward_Dropout_ActsInTrainingOnlyAndFollowsItsSeed()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model("qwen2-tiny");
        var options = new LoraOptions { Dropout = 0.3 };
        foreach (var (name, value) in loaded.Model.AddLora(options, 3).NamedParameters())
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

    private static void CheckAdapter(IEnumerable<(string Name, TorchSharp.Modules.Parameter Value)> parameters, string file)
    {
        using var scope = NewDisposeScope();
        using var expected = Goldens.Tensors(file);
        var differences = cat([.. parameters.Select(p => p.Value.detach().sub(expected.Load(p.Name)).abs().view(-1))]);
        Assert.True(differences.max().item<float>() < 1e-4);
        Assert.True(differences.gt(1e-5).to(ScalarType.Float32).mean().item<float>() < 1e-3);
        // Near a gradient of nearly nothing Adam's first step is the sign of noise, so a single element says less than their norm.
        var norm = cat([.. parameters.Select(p => expected.Load(p.Name).view(-1))]).norm().item<float>();
        GoldenLedger.AddWithin(Golden, $"adapter after AdamW ({file.Split('/')[0]}), relative to its norm", parameters.Count(), differences.norm().item<float>() / norm, 1e-5);
    }

    private static double Relative(double expected, double actual) => Math.Abs(expected - actual) / Math.Abs(expected);

    private static Tensor Weight(CausalLM model) => model.NamedParameters().Single(p => p.Name == Projection).Value.detach();

    private sealed record Samples(Tensor Ids, Tensor Last, Tensor Labels, double Entropy)
    {
        public int Count => (int)Ids.shape[0];

        public static Samples Read()
        {
            var samples = Goldens.Json("lightreasoner-finetune.json")["samples"]!.AsArray().Select(s => s!).ToList();
            var labels = new float[samples.Count * 512];
            for (var i = 0; i < samples.Count; i++)
                foreach (var (id, weight) in samples[i]["token_ids"]!.Ids().Zip(samples[i]["weights"]!.Numbers()))
                    labels[i * 512 + id] = (float)weight;
            return new Samples(
                Goldens.Batch([.. samples.Select(s => s["input_ids"]!.Ids())]),
                tensor(samples.Select(s => (long)s["input_ids"]!.AsArray().Count - 1).ToArray()),
                tensor(labels).view(-1, 512),
                labels.Where(w => w > 0).Sum(w => w * Math.Log(w)));
        }

        public Tensor LastLogits(CausalLM model) =>
            model.Head(model.Hidden(Ids).flatten(0, 1).index_select(0, Last + arange(Ids.shape[0]) * Ids.shape[1]));

        public Tensor Loss(CausalLM model) =>
            ((Labels * nn.functional.log_softmax(LastLogits(model), -1)).sum().neg() + Entropy) / Ids.shape[0];
    }
}
