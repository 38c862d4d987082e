using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>What decoding costs a GPU, counted without one: operators a layer, and how often the host waits.</summary>
[Collection(TorchGeneratorCollection.Name)]
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
        var passes = 0;
        var before = Transfer.Waits;
        new BatchGenerator(model.Model, model.Generation.EosIds).Generate(BatchGeneratorTests.Prompts(9), spec, batchSize: 4, answered: _ => passes++);
        Assert.True(passes > 24);
        Assert.Equal(passes, Transfer.Waits - before);
    }

    [Fact]
    public void Generate_Blocks_WaitsOncePerPass()
    {
        using var model = Half("qwen2-tiny");
        var passes = 0;
        var before = Transfer.Waits;
        new BlockGenerator(model.Model, 3, [3]).Generate(BatchGeneratorTests.Prompts(9), 16, 3, 48, batchSize: 4, answered: _ => passes++);
        Assert.True(passes > 6);
        Assert.Equal(passes, Transfer.Waits - before);
    }

    /// <summary>
    /// A layer of a decode step: two norms of 6 operators (in 16 bits 8), query/key/value, rotation (3), cache write, attention, output, gate/up, silu, product, down: 23 (in 16 bits 27) that
    /// compute, and views. All of them together, views included, are counted here, by the tensors that TorchSharp makes and the operators that work in place.
    /// </summary>
    [Theory, InlineData(ScalarType.Float32), InlineData(ScalarType.BFloat16)]
    public void Hidden_DecodeStep_CallsFewOperatorsALayer(ScalarType type)
    {
        const int inPlace = 4; // rsqrt_ twice, mul_, index_copy_
        var counts = new List<long>();
        foreach (var layers in (int[])[2, 6])
        {
            using var model = CausalLM.Create(KvCacheTests.Config with { Architecture = "Qwen2ForCausalLM", QkNorm = false, AttentionBias = true, NumLayers = layers }, type, CPU, initSeed: 1);
            using var cache = new KvCache(model, 2);
            using var scope = NewDisposeScope();
            model.Hidden(Goldens.Batch([1, 2], [3, 4]), cache, [2, 2]);
            using var ids = Goldens.Batch([5], [6]);
            var before = Made();
            model.Hidden(ids, cache, [1, 1]);
            counts.Add(Made() - before);
        }
        var perLayer = (counts[1] - counts[0]) / 4.0 + inPlace;
        Assert.True(perLayer <= 48, $"{perLayer} operators and views");
        Assert.True(perLayer - Views <= 36, $"{perLayer - Views} operators");

        static long Made() => DisposeScopeManager.Statistics.TensorStatistics.CreatedInScopeCount + DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;
    }

    /// <summary>view, narrow, permute and the like in a layer: they make no work for the device.</summary>
    private const int Views = 20;

    /// <summary>What would wait without being counted: members that read a tensor or whose result has as many elements as its values say, and uploads from ordinary memory.</summary>
    [Fact]
    public void Sources_OfDecoding_AskTheDeviceInNoOtherWay()
    {
        foreach (var name in (string[])["BatchGenerator", "PromptBatch", "TokenSampler", "KvCache", "DecoderLayer", "Projection"])
        {
            var text = File.ReadAllText(RepositoryFolder.Of("worker", "Models", $"{name}.cs"));
            Assert.DoesNotMatch(@"\.item<|\.cpu\(|\.data<|\.bytes\b|nonzero|masked_select|\.To(Single|Double|Int32|Int64|Boolean)\(", text);
            if (name is not "DecoderLayer") // the norm's epsilon, once a model
                Assert.DoesNotMatch(@"\btensor\(", text);
        }
    }

    private static LoadedModel Half(string name) => HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, name), ScalarType.BFloat16, CPU);
}
