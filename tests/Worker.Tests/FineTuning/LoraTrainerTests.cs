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
public class LoraTrainerTests
{
    internal static readonly FineTuneRunSpec Published = new()
    {
        Training = new FineTuneTraining
        {
            MaxSteps = 5,
            BatchSize = 117,
            GradientAccumulationSteps = 1,
            LearningRate = 1e-3,
            Scheduler = SchedulerType.Constant,
            MaxGradNorm = 1e9
        },
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
            Assert.Equal((double)golden[i]!["loss_base"]!, batch.Loss(model.Model.Head(batch.LabelledHidden(model.Model)),
                (0, 1)).item<float>(), 1e-5);
        }
    }

    [Fact]
    public void Pack_SamplesOfOneQuestion_ShareASequence()
    {
        Assert.Equal(6, SoftLabelBatch.Of(Prepared(), SamplePacking.Prompt, 117, 1).Single().Sequences);
        Assert.Equal(117, SoftLabelBatch.Of(Prepared(), SamplePacking.None, 117, 1).Single().Sequences);
        Assert.Equal([2, 2, 2], SoftLabelBatch.Of(Prepared(), SamplePacking.Prompt, 117, 3).Select(batch => batch.Sequences));
    }

    [Fact]
    public void TrainStep_BatchSizesBeyond32Bits_TakesAllSamples()
    {
        using var model = Goldens.Model("qwen2-tiny");
        using var trainer = new LoraTrainer(model, null, Samples(),
            Published with { Training = Published.Training with { BatchSize = 65536, GradientAccumulationSteps = 65536 } });
        Assert.Equal(117, trainer.TrainStep().SamplesSeen);
    }

    [Theory, InlineData(SamplePacking.None), InlineData(SamplePacking.Prompt)]
    public void LoadState_AfterFiveOfTenSteps_ContinuesToTheSameBytes(SamplePacking packing)
    {
        var spec = new FineTuneRunSpec
        {
            Lora = new LoraSpec { Dropout = 0.1 },
            Training = new FineTuneTraining
            {
                MaxSteps = 10,
                BatchSize = 8,
                GradientAccumulationSteps = 2,
                LearningRate = 1e-3,
                WarmupRatio = 0.2,
                Packing = packing
            },
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
            Assert.Equal(10 * 16 - (128 - 117), trainer.RecordsSeen); // the first epoch's last step is short
            trainer.SaveAdapter(folder["resumed"], "base");
        }
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder["whole"], "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(folder["resumed"], "adapter_model.safetensors")));
    }

    [Fact]
    public void Constructor_SamplesBeyondMaxLength_AreDroppedAndCounted()
    {
        using var model = Goldens.Model("qwen2-tiny");
        var longest = Samples().Max(s => s.PrefixIds!.Length);
        using var trainer = new LoraTrainer(model, null, Samples(),
            Published with { Training = Published.Training with { MaxLength = longest - 1 } });
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
            using var trainer = new LoraTrainer(model, null, Samples(),
                spec with { Training = spec.Training with { GradientCheckpointing = checkpointing } });
            trainer.TrainStep(); // B begins as zero, so the first step does not reach A
            metrics.Add(trainer.TrainStep());
        }
        Assert.Equal(metrics[0].Loss!.Value, metrics[1].Loss!.Value, 1e-5);
        Assert.Equal(metrics[0].GradNorm!.Value, metrics[1].GradNorm!.Value, 1e-4 * metrics[0].GradNorm!.Value);
    }

    /// <summary>AdamW's first step is the learning rate whatever the gradient's length, unless it is far below its epsilon of
    /// 1e-8.</summary>
    [Fact]
    public void TrainStep_MaxGradNormBelowAdamsEpsilon_HardlyMovesAWeight()
    {
        Assert.Equal(1e-3, LargestChange(1e9), 1e-5);
        Assert.InRange(LargestChange(1e-12), 1e-12, 1e-6);

        static double LargestChange(double maxGradNorm)
        {
            using var scope = NewDisposeScope();
            using var model = Goldens.Model("qwen2-tiny");
            using var trainer = new LoraTrainer(model, null, Samples(),
                Published with { Lora = new LoraSpec { Dropout = 0 }, Training = Published.Training with { MaxGradNorm = maxGradNorm } });
            trainer.TrainStep();
            return model.Model.Lora!.NamedParameters.Where(weight => weight.Name.Contains("lora_B", StringComparison.Ordinal))
                .Max(weight => weight.Value.detach().abs().max().item<float>()); // B begins as zero
        }
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
        Assert.Contains("token id 512, and the model knows 512 tokens",
            Assert.Throws<InvalidDataException>(() => TrainingSample.Prepare([samples[0] with { TokenIds = [7, 512] }], tokenizer,
            512, 512).First()).Message);
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
                var logits = model.Model.forward(Goldens.Batch(sample.Prefix))[0, sample.Prefix.Length - 1].narrow(0,
                    0, size).log_softmax(0);
                for (var i = 0; i < sample.TokenIds.Length; i++)
                    if (sample.TokenIds[i] < size)
                        expected += sample.Weights[i] * (Math.Log(sample.Weights[i]) - logits[sample.TokenIds[i]].item<float>()) / 117;
            }
        }
        Assert.True(Prepared().Sum(s => s.Cut(size).TokenIds.Length) < Prepared().Sum(s => s.TokenIds.Length));

        using var trainer = new LoraTrainer(model, tokenizer, Samples(),
            Published with { Compatibility = Compatibility.Published, Lora = new LoraSpec { Dropout = 0 } });
        Assert.Equal(expected, trainer.TrainStep().Loss!.Value, 1e-5);
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
