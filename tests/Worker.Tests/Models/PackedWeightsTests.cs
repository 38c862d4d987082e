using System.Runtime.InteropServices;
using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>Decoding with weights that oneDNN has packed.</summary>
public class PackedWeightsTests
{
    private static readonly DecoderConfig s_config = KvCacheTests.Config with
    {
        VocabSize = 128,
        HiddenSize = 64,
        IntermediateSize = 192,
        HeadDim = 16,
    };

    public static TheoryData<DecoderConfig> Configs =>
    [
        s_config, // a tied head
        KvCacheTests.Config, // blocks of the layout that are not full
        s_config with { Architecture = "Qwen2ForCausalLM", QkNorm = false, AttentionBias = true, TieWordEmbeddings = false },
        s_config with { Architecture = "LlamaForCausalLM", QkNorm = false, AttentionOutputBias = true, MlpBias = true },
    ];

    [Theory, MemberData(nameof(Configs))]
    public void Pack_AnyBiasOrAdapter_GivesTheSameLogits(DecoderConfig config)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLM.Create(config, ScalarType.Float32, CPU, initSeed: 1);
        model.eval(); // without dropout
        foreach (var weight in model.Weights) // biases too
            weight.add_(0.1f * randn_like(weight));
        foreach (var isAdapted in (bool[])[false, true])
        {
            if (isAdapted)
                foreach (var weight in model.AddLora(new LoraSpec { Rank = 2, TargetModules = ["q_proj", "v_proj", "o_proj"] }, 2).NamedParameters)
                    weight.Value.add_(0.1f);
            foreach (var length in (int[])[1, 5, 200])
            {
                var ids = randint(0, 40, [1, length], dtype: ScalarType.Int64);
                var plain = model.forward(ids);
                using (var packed = model.Pack())
                {
                    Assert.Equal(RuntimeInformation.ProcessArchitecture == Architecture.X64, packed is not null);
                    Assert.Null(model.Pack());
                    Assert.InRange(Goldens.RelativeDifference(model.forward(ids), plain), 0, 1e-5);
                }
                Assert.Equal(0, Goldens.LargestDifference(plain, model.forward(ids)));
            }
        }
    }

    [Fact]
    public void Generate_WeightsChangedSinceTheLastTime_UsesThem()
    {
        using var _ = no_grad();
        var config = s_config with { TieWordEmbeddings = false };
        using var model = CausalLM.Create(config, ScalarType.Float32, CPU, initSeed: 1);
        using var other = CausalLM.Create(config, ScalarType.Float32, CPU, initSeed: 2);
        IReadOnlyList<int> Answer(CausalLM of) =>
            new BatchGenerator(of, []).Generate([[1, 2, 3]], new GenerationSpec { MaxNewTokens = 30 }, 1)[0].Ids;
        var before = Answer(model);
        foreach (var (to, from) in model.Weights.Zip(other.Weights))
            to.copy_(from);
        Assert.NotEqual(before, Answer(model));
        Assert.Equal(Answer(other), Answer(model));
    }

    [Fact]
    public void Pack_BFloat16_LeavesWeightsAsTheyAre()
    {
        using var model = CausalLM.Create(s_config, ScalarType.BFloat16, CPU, initSeed: 1);
        Assert.Null(model.Pack());
        Assert.Equal(0, model.PackedBytes);
    }
}
