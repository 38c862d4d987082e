using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.FineTuning;

/// <summary>Training on soft labels against the published loss and PEFT (../shared/goldens/lightreasoner-finetune.json).</summary>
[Collection(TorchGeneratorCollection.Name)]
public class LoraTrainerTests
{
    private static readonly FineTuneRunSpec Published = new()
    {
        Training = new FineTuneTraining { MaxSteps = 5, BatchSize = 117, GradientAccumulationSteps = 1, LearningRate = 1e-3, Scheduler = SchedulerType.Constant, MaxGradNorm = 1e9 },
    };

    [Theory, InlineData(SamplePacking.None), InlineData(SamplePacking.Prompt)]
    public void Loss_EachSample_IsThePublishedOne(SamplePacking packing)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = Goldens.Model("qwen2-tiny");
        var golden = Goldens.Json("lightreasoner-finetune.json")["samples"]!.AsArray();
        var samples = Prepared();
        for (var i = 0; i < samples.Length; i++)
        {
            var batch = SoftLabelBatch.Of([samples[i]], packing, 1, 1).Single();
            Assert.Equal((double)golden[i]!["loss_base"]!, batch.Loss(model.Model.Head(batch.LabelledHidden(model.Model)), (0, 1)).item<float>(), 1e-5);
        }
    }

    [Fact]
    public void Pack_SamplesOfOneQuestion_ShareASequence()
    {
        Assert.Equal(6, SoftLabelBatch.Of(Prepared(), SamplePacking.Prompt, 117, 1).Single().Sequences);
        Assert.Equal(117, SoftLabelBatch.Of(Prepared(), SamplePacking.None, 117, 1).Single().Sequences);
        Assert.Equal([2, 2, 2], SoftLabelBatch.Of(Prepared(), SamplePacking.Prompt, 117, 3).Select(batch => batch.Sequences));
    }

    [Theory, InlineData(SamplePacking.None), InlineData(SamplePacking.Prompt)]
    public void TrainStep_FiveFullBatchSteps_GivesPublishedLossesNormsAndAdapter(SamplePacking packing)
    {
        using var model = Goldens.Model("qwen2-tiny");
        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
        var golden = Goldens.Json("lightreasoner-finetune.json");
        var losses = golden["losses_before_each_step_and_after_the_last"]!.Numbers();
        var norms = golden["grad_norm_of_all_lora_tensors_per_step"]!.Numbers();
        using var trainer = new LoraTrainer(model, null, Samples(), Published with { Training = Published.Training with { Packing = packing } });
        for (var step = 0; step < 5; step++)
        {
            var metrics = trainer.TrainStep();
            Assert.Equal(losses[step], metrics.Loss!.Value, 1e-5);
            Assert.Equal(norms[step], metrics.GradNorm!.Value, norms[step] * 1e-5);
            if (step == 0)
                AssertAdapter("lora-after1.safetensors", model, 1e-4, 1e-5);
        }
        AssertAdapter("lora-adapter-after5/adapter_model.safetensors", model, 1e-4, 1e-5);
    }

    /// <summary>As one micro batch and as several.</summary>
    [Theory, InlineData(117, 1), InlineData(4, 30)]
    public void TrainStep_PackedAndNot_HasThePublishedGradient(int batchSize, int accumulation)
    {
        using var published = Goldens.Tensors("lora-grads.safetensors");
        using var scope = NewDisposeScope();
        var gradients = new List<Dictionary<string, Tensor>>();
        foreach (var packing in (SamplePacking[])[SamplePacking.None, SamplePacking.Prompt])
        {
            using var folder = new TemporaryFolder();
            using var model = Goldens.Model("qwen2-tiny");
            PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
            using var trainer = new LoraTrainer(model, null, Samples(),
                Published with { Training = Published.Training with { Packing = packing, BatchSize = batchSize, GradientAccumulationSteps = accumulation } });
            trainer.TrainStep();
            trainer.SaveState(folder.Path);
            // After the first step the mean of the gradients is 1 - beta1 times the gradient.
            using var moments = Safetensors.Open(folder["optimizer.safetensors"]);
            gradients.Add(published.Entries.Keys.ToDictionary(name => name, name => moments.Load($"{name}.exp_avg").div(1 - 0.9)));
        }
        foreach (var name in published.Entries.Keys)
        {
            var golden = published.Load(name);
            var scale = golden.abs().max().item<float>();
            Assert.True(Goldens.LargestDifference(gradients[0][name], gradients[1][name]) < 1e-5 * scale, name);
            Assert.True(Goldens.LargestDifference(gradients[1][name], golden) < 1e-5 * scale, name);
        }
    }

    [Fact]
    public void TrainStep_BatchSizesBeyond32Bits_TakesAllSamples()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = new LoraTrainer(model, null, Samples(), Published with { Training = Published.Training with { BatchSize = 65536, GradientAccumulationSteps = 65536 } });
        Assert.Equal(117, trainer.TrainStep().SamplesSeen);
    }

    [Theory, InlineData(SamplePacking.None), InlineData(SamplePacking.Prompt)]
    public void LoadState_AfterFiveOfTenSteps_ContinuesToTheSameBytes(SamplePacking packing)
    {
        var spec = new FineTuneRunSpec
        {
            Lora = new LoraSpec { Dropout = 0.1 },
            Training = new FineTuneTraining { MaxSteps = 10, BatchSize = 8, GradientAccumulationSteps = 2, LearningRate = 1e-3, WarmupRatio = 0.2, Packing = packing },
        };
        using var folder = new TemporaryFolder();
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = new LoraTrainer(model, null, Samples(), spec))
        {
            for (var step = 0; step < 10; step++)
            {
                if (step == 5)
                    trainer.SaveState(folder["state"]);
                trainer.TrainStep();
            }
            trainer.SaveAdapter(folder["whole"], "base");
        }
        using (var model = Goldens.Model("qwen2-tiny"))
        using (var trainer = new LoraTrainer(model, null, Samples(), spec))
        {
            trainer.LoadState(folder["state"]);
            Assert.Equal(5, trainer.Step);
            manual_seed(99); // whatever else draws from torch's generator in between
            while (trainer.Step < trainer.TotalSteps)
                trainer.TrainStep();
            Assert.Equal(10 * 16 - (128 - 117), trainer.SamplesSeen); // the first epoch's last step is short
            trainer.SaveAdapter(folder["resumed"], "base");
        }
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder["whole"], "adapter_model.safetensors")), File.ReadAllBytes(Path.Combine(folder["resumed"], "adapter_model.safetensors")));
    }

    [Fact]
    public void Constructor_SamplesBeyondMaxLength_AreDroppedAndCounted()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var longest = Samples().Max(s => s.PrefixIds!.Length);
        using var trainer = new LoraTrainer(model, null, Samples(), Published with { Training = Published.Training with { MaxLength = longest - 1 } });
        Assert.Equal(Samples().Count(s => s.PrefixIds!.Length == longest), trainer.SamplesDropped);
        using var other = Goldens.Model("qwen2-tiny");
        Assert.Contains("maxLength", Assert.Throws<InvalidDataException>(() =>
            new LoraTrainer(other, null, Samples(), Published with { Training = Published.Training with { MaxLength = 3 } })).Message);
    }

    [Fact]
    public void TrainStep_OverAMergedAdapter_TrainsAFreshOneOnTopOfIt()
    {
        using var model = Goldens.Model("qwen2-tiny");
        PeftAdapter.Load(Path.Combine(Goldens.Folder, "lora-adapter"), model.Model);
        model.Model.MergeLora();
        using var trainer = new LoraTrainer(model, null, Samples(), Published with { Lora = new LoraSpec { Rank = 4, Dropout = 0 } });
        var losses = Enumerable.Range(0, 3).Select(_ => trainer.TrainStep().Loss!.Value).ToArray();
        Assert.Equal((double)Goldens.Json("lightreasoner-finetune.json")["loss_mean_with_initial_lora"]!, losses[0], 1e-5);
        Assert.True(losses[2] < losses[0]);
        Assert.Equal(4, model.Model.Lora!.Options.Rank);
    }

    [Fact]
    public void TrainStep_GradientCheckpointing_ChangesNoStep()
    {
        var spec = Published with { Lora = new LoraSpec { Dropout = 0 }, Training = Published.Training with { BatchSize = 16 } };
        var metrics = new List<FineTuneMetrics>();
        foreach (var checkpointing in (bool[])[false, true])
        {
            using var model = Goldens.Model("qwen2-tiny");
            using var trainer = new LoraTrainer(model, null, Samples(), spec with { Training = spec.Training with { GradientCheckpointing = checkpointing } });
            trainer.TrainStep(); // B begins as zero, so the first step does not reach A
            metrics.Add(trainer.TrainStep());
        }
        Assert.Equal(metrics[0].Loss!.Value, metrics[1].Loss!.Value, 1e-5);
        Assert.Equal(metrics[0].GradNorm!.Value, metrics[1].GradNorm!.Value, 1e-4 * metrics[0].GradNorm!.Value);
    }

    [Fact]
    public void Families_Samples_AreThoseOfOneAnswer()
    {
        var families = SampleFamilies.Of(Prepared());
        Assert.Equal(6, families.Count);
        Assert.Equal(Enumerable.Range(0, 117), families.SelectMany(family => family).Order());
    }

    [Fact]
    public void Constructor_PublishedSamples_AreTokenisedFromQuestionAndPrefix()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var tokenizer = Generation.TestTokenizer.Create();
        ContrastiveSample[] samples = [new() { PromptId = "abc", Step = 1, Prefix = "d", TokenIds = [7, 9], Weights = [0.5, 0.5] }];
        var prepared = TrainingSample.Prepare(samples, tokenizer, 512, 512).ToArray();
        Assert.Equal(tokenizer.Encode("abcd"), prepared[0].Prefix);
        var chat = Generation.TestTokenizer.Create("{% for m in messages %}[{{ m['content'] }}]{% endfor %}:");
        Assert.Equal(chat.Encode("[Please reason step by step.][abc]:d"), TrainingSample.Prepare(samples, chat, 512, 512).First().Prefix);
        Assert.Contains("token id 512, and the model knows 512 tokens", Assert.Throws<InvalidDataException>(() => TrainingSample.Prepare([samples[0] with { TokenIds = [7, 512] }], tokenizer, 512, 512).First()).Message);
    }

    [Fact]
    public void TrainStep_Published_CutsLabelsAndDistributionsToTheBaseVocabulary()
    {
        using var scope = NewDisposeScope();
        using var model = Goldens.Model("qwen2-tiny");
        var tokenizer = Tokenization.SmallTokenizers.Parse(Tokenization.SmallTokenizers.Json());
        var size = tokenizer.BaseVocabSize;
        Assert.Equal((size, size + 1), (tokenizer.TokenToId("<|end|>"), tokenizer.TokenToId("<think>")));
        double expected = 0;
        using (no_grad())
        {
            foreach (var sample in Prepared())
            {
                var logits = model.Model.forward(Goldens.Batch(sample.Prefix))[0, sample.Prefix.Length - 1].narrow(0, 0, size).log_softmax(0);
                for (var i = 0; i < sample.TokenIds.Length; i++)
                    if (sample.TokenIds[i] < size)
                        expected += sample.Weights[i] * (Math.Log(sample.Weights[i]) - logits[sample.TokenIds[i]].item<float>()) / 117;
            }
        }
        Assert.True(Prepared().Sum(s => s.Cut(size).TokenIds.Length) < Prepared().Sum(s => s.TokenIds.Length));

        using var trainer = new LoraTrainer(model, tokenizer, Samples(), Published with { Compatibility = Compatibility.Published, Lora = new LoraSpec { Dropout = 0 } });
        Assert.Equal(expected, trainer.TrainStep().Loss!.Value, 1e-5);
    }

    private static void AssertAdapter(string file, LoadedModel model, double all, double most)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Tensors(file);
        var differences = cat([.. model.Model.Lora!.NamedParameters().Select(p => p.Value.detach().sub(golden.Load(p.Name)).abs().view(-1))]);
        Assert.True(differences.max().item<float>() < all, $"{file}: differs by {differences.max().item<float>()}");
        Assert.True(differences.lt(most).to(ScalarType.Float64).mean().item<double>() >= 0.999, $"{file}: more than 0.1 % beyond {most}");
    }

    private static TrainingSample[] Prepared() => [.. TrainingSample.Prepare(Samples(), null, 512, 512)];

    internal static ContrastiveSample[] Samples() =>
    [
        .. Goldens.Json("lightreasoner-finetune.json")["samples"]!.AsArray().Select(sample => new ContrastiveSample
        {
            PromptId = (string)sample!["prompt_id"]!,
            Step = (int)sample["step"]!,
            PrefixIds = sample["input_ids"]!.Ids(),
            TokenIds = sample["token_ids"]!.Ids(),
            Weights = sample["weights"]!.Numbers(),
        })
    ];
}
