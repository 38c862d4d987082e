using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>What decoding costs a GPU, counted without one: operators a layer, and how often the host waits.</summary>
public class DecodeCostTests
{
    public static TheoryData<GenerationSpec> Specs =>
    [
        new GenerationSpec { MaxNewTokens = 24 },
        new GenerationSpec { MaxNewTokens = 24, RepetitionPenalty = 1.2 },
        new GenerationSpec { MaxNewTokens = 24, Temperature = 0.8, TopK = 40, TopP = 0.9 },
    ];

    [Theory, MemberData(nameof(Specs))]
    public void Generate_AnyChoiceOfTokens_WaitsOncePerPass(GenerationSpec spec)
    {
        using var model = Half("qwen2-tiny");
        var generator = new BatchGenerator(model.Model, model.EosIds);
        Assert.True(PassesWithOneWait(pass => generator.Generate(BatchGeneratorTests.Prompts(9), spec, batchSize: 4, answered: pass)) > 24);
    }

    [Fact]
    public void Generate_Blocks_WaitsOncePerPass()
    {
        using var model = Half("qwen2-tiny");
        var generator = new BlockGenerator(model.Model, 3, [3]);
        Assert.True(PassesWithOneWait(pass => generator.Generate(BatchGeneratorTests.Prompts(9), 16, 3, 48,
            batchSize: 4, answered: pass)) > 6);
    }

    /// <summary>
    /// A layer of a decode step: two norms of 6 operators (8 in 16 bits), four products of which two add to the residual stream, rotation
    /// (3), cache write, attention, silu and product. What is left are the norms: libtorch fuses them into one kernel on some devices, and
    /// TorchSharp has no function for that.
    /// </summary>
    [Theory, InlineData(ScalarType.Float32, 23), InlineData(ScalarType.BFloat16, 27)]
    public void Hidden_DecodeStep_CallsFewOperatorsALayer(ScalarType type, int expected)
    {
        Dictionary<string, int> two = Step(2), six = Step(6);
        var perLayer = six.ToDictionary(count => count.Key, count => (count.Value - two.GetValueOrDefault(count.Key)) / 4.0);
        var report = string.Join(", ", perLayer.Where(count => count.Value > 0).OrderBy(count => count.Key)
            .Select(count => $"{count.Key} {count.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(perLayer.Values.Sum() == expected, report);
        Assert.Equal(1, perLayer["scaled_dot_product_attention"]);
        Assert.Equal(1, perLayer["index_copy_"]);
        Assert.Equal(4, perLayer["matmul"] + perLayer["addmm"]);

        Dictionary<string, int> Step(int layers)
        {
            var config = KvCacheTests.Config with
            {
                Architecture = "Qwen2ForCausalLM",
                QkNorm = false,
                AttentionBias = true,
                NumLayers = layers
            };
            using var model = CausalLM.Create(config, type, CPU, initSeed: 1);
            using var cache = new KvCache(model, 2);
            using var scope = NewDisposeScope();
            model.Hidden(Goldens.Batch([1, 2], [3, 4]), cache, [2, 2]);
            using var ids = Goldens.Batch([5], [6]);
            using var log = new OperatorLog();
            model.Hidden(ids, cache, [1, 1]);
            return log.Computing().CountBy(name => name).ToDictionary();
        }
    }

    /// <summary>
    /// Passes of a generation, after making sure that the host waited once in each and asked for a value in no other way.
    /// </summary>
    private static int PassesWithOneWait(Action<Action<int>> generate)
    {
        var passes = 0;
        var before = Transfer.Waits;
        using var log = new OperatorLog();
        generate(_ => passes++);
        Assert.Equal(passes, Transfer.Waits - before);
        // What reads a value, or has a result whose size the host must know first.
        Assert.Empty(log.Names.Intersect(["item", "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select",
            "unique", "repeat_interleave"]));
        return passes;
    }

    private static LoadedModel Half(string name) => HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, name), ScalarType.BFloat16, CPU);
}
