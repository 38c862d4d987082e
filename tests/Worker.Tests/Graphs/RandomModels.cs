using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Graphs;

/// <summary>Small models of every family with weights that matter, and prompts for them.</summary>
internal static class RandomModels
{
    private static readonly DecoderConfig s_qwen3 = new()
    {
        Architecture = "Qwen3ForCausalLM",
        VocabSize = 61,
        HiddenSize = 48,
        IntermediateSize = 64,
        NumLayers = 2,
        NumHeads = 4,
        NumKvHeads = 2,
        HeadDim = 16,
        QkNorm = true,
        TieWordEmbeddings = true,
        RopeTheta = 1e4,
    };

    // With a token at which about half of the answers end early.
    private static readonly Dictionary<string, (DecoderConfig Config, int Eos)> s_families = new()
    {
        ["qwen3"] = (s_qwen3, 22),
        ["qwen2"] = (s_qwen3 with { Architecture = "Qwen2ForCausalLM", QkNorm = false, AttentionBias = true, TieWordEmbeddings = false }, 35),
        ["llama"] = (s_qwen3 with { Architecture = "LlamaForCausalLM", QkNorm = false, NumKvHeads = 4, RopeScaling = new RopeScaling(32, 1, 4, 24) }, 42),
    };

    public static TheoryData<string> Families => [.. s_families.Keys];

    /// <summary>A model whose next tokens are clear, so that last bits do not decide.</summary>
    /// <param name="family">One of <see cref="Families"/>.</param>
    /// <param name="dtype">Of the weights.</param>
    /// <param name="noise">Distance from the family's model with 0; a small one makes an amateur that often agrees.</param>
    public static LoadedModel Load(string family, ScalarType dtype, double noise = 0)
    {
        var (config, eos) = s_families[family];
        var model = CausalLM.Create(config, dtype, CPU, initSeed: 3);
        using var _ = no_grad();
        using var own = new Generator(9);
        using var others = new Generator(10);
        foreach (var (_, parameter) in model.NamedParameters())
        {
            using var scope = NewDisposeScope();
            var scale = parameter.shape.Length == 2 ? 8 : 1;
            parameter.mul_(scale).add_(empty(parameter.shape).normal_(0, 0.2, own).to(dtype)).add_(empty(parameter.shape).normal_(0, 1, others).mul(noise).to(dtype));
        }
        model.eval();
        return new LoadedModel(model, new GenerationConfig([eos], null, null), "");
    }

    /// <summary>Prompts of 20 to some 150 tokens, so that decoding crosses from one reach to the next.</summary>
    public static int[][] Prompts(int count)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, 20 + 13 * i % 130).Select(_ => random.Next(60)).ToArray())];
    }
}
