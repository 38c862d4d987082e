using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>
/// The reference of plain loops agrees with Hugging Face's numbers where there are some, and the worker agrees with the reference where
/// there are none.
/// </summary>
public class ReferenceDecoderTests
{
    public static TheoryData<string> Published => ["qwen2-tiny", "qwen2-tiny-amateur", "llama-tiny"];

    /// <summary>
    /// Shapes without a recording: Qwen3 with heads that are wider than hidden / heads, and what configurations may turn on.
    /// </summary>
    public static TheoryData<string> Shapes => [.. Configs.Keys];

    private static readonly DecoderConfig Base = new()
    {
        Architecture = "Qwen3ForCausalLM",
        VocabSize = 61,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumLayers = 3,
        NumHeads = 4,
        NumKvHeads = 2,
        HeadDim = 10,
        QkNorm = true,
        TieWordEmbeddings = true,
        RopeTheta = 1e6,
    };

    private static readonly Dictionary<string, DecoderConfig> Configs = new()
    {
        ["qwen3"] = Base,
        ["qwen3-untied"] = Base with { TieWordEmbeddings = false, NumKvHeads = 4 },
        ["qwen3-biases"] = Base with { AttentionBias = true, AttentionOutputBias = true, NumKvHeads = 1 },
        ["qwen2"] = Base with { Architecture = "Qwen2ForCausalLM", QkNorm = false, AttentionBias = true, HeadDim = 6 },
        ["llama-3.2"] = Base with
        {
            Architecture = "LlamaForCausalLM",
            QkNorm = false,
            HeadDim = 8,
            RopeTheta = 5e5,
            RmsNormEps = 1e-5,
            RopeScaling = new RopeScaling(32, 1, 4, 24),
        },
        ["llama-biases"] = Base with
        {
            Architecture = "LlamaForCausalLM",
            QkNorm = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TieWordEmbeddings = false
        },
    };

    [Theory, MemberData(nameof(Published))]
    public void Logits_PublishedModel_AreHuggingFaces(string name)
    {
        using var loaded = Goldens.Model(name);
        using var tensors = Goldens.Tensors("forward.safetensors");
        var ids = Goldens.Json("forward.json")["models"]![name]!["input_ids"]![1]!.Ids();
        using var expected = tensors.Load($"{name}.logits_f64.1");
        AssertNear(expected.to(ScalarType.Float64).data<double>().ToArray(),
            [.. ReferenceDecoder.Of(loaded.Model).Logits(ids).SelectMany(row => row)], 1e-4);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Forward_AnyShape_GivesTheReferencesLogits(string shape)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = Randomised(Configs[shape]);
        var ids = Enumerable.Range(0, 40).Select(i => (i * i + 7 * i) % 61).ToArray();

        var logits = model.forward(Goldens.Batch(ids))[0].to(ScalarType.Float64).contiguous().data<double>().ToArray();

        AssertNear([.. ReferenceDecoder.Of(model).Logits(ids).SelectMany(row => row)], logits, 1e-4);
    }

    /// <summary>Weights of which every one matters: norms and biases are not left at 1 and 0.</summary>
    private static CausalLM Randomised(DecoderConfig config)
    {
        var model = CausalLM.Create(config, ScalarType.Float32, CPU, initSeed: 3);
        using var _ = no_grad();
        using var generator = new Generator(9);
        foreach (var (_, parameter) in model.NamedParameters())
        {
            using var scope = NewDisposeScope();
            parameter.mul_(parameter.shape.Length == 2 ? 8 : 1).add_(empty(parameter.shape).normal_(0, 0.2, generator));
        }
        return model;
    }

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst < tolerance, $"logits differ by {worst}");
        Assert.True(expected.Max() - expected.Min() > 1, "the logits are all alike; nothing is tested");
    }
}
