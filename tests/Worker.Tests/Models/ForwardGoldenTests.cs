using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

public class ForwardGoldenTests
{
    public static TheoryData<string> Models => ["qwen2-tiny", "qwen2-tiny-amateur", "llama-tiny"];

    [Theory, MemberData(nameof(Models))]
    public void Forward_RightPaddedBatch_GivesPublishedLogitsAtEveryRealPosition(string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model(name);
        using var expected = Goldens.Tensors("forward.safetensors");
        var golden = Goldens.Json("forward.json")["models"]![name]!;
        var rows = golden["input_ids"]!.AsArray().Select(r => r!.Ids()).ToArray();
        var lengths = golden["lengths"]!.Ids();

        var logits = loaded.Model.forward(Goldens.Batch(rows));

        for (var row = 0; row < rows.Length; row++)
        {
            var real = logits.select(0, row).narrow(0, 0, lengths[row]);
            GoldenLedger.AddWithin("goldens/forward", "logits, float32, by position", lengths[row],
                Goldens.LargestDifference(real, expected.Load($"{name}.logits.{row}")), 1e-4);
            Assert.Equal(golden["argmax"]![row]!.Ids().Take(lengths[row]), real.argmax(-1).data<long>().ToArray().Select(id => (int)id));
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Hidden_Sequence_GivesPublishedFinalHiddenStates(string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = Goldens.Model(name);
        using var tensors = Goldens.Tensors("forward.safetensors");
        var ids = Goldens.Json("forward.json")["models"]![name]!["input_ids"]![1]!.Ids();

        var hidden = loaded.Model.Hidden(Goldens.Batch(ids));

        var expected = tensors.Load($"{name}.hidden.final_norm");
        var excess = hidden[0].sub(expected).abs().sub(expected.abs().mul(1e-5)).max().item<float>();
        GoldenLedger.AddWithin("goldens/forward", "final hidden states by position, beyond 1e-5 of the value", ids.Length,
            Math.Max(0, excess), 1e-4);
    }

    [Theory, MemberData(nameof(Models))]
    public void InverseFrequencies_OfConfig_AreThePublishedOnes(string name)
    {
        using var loaded = Goldens.Model(name);
        var expected = Goldens.Json("forward.json")["models"]![name]!["inv_freq"]!.Numbers();

        var actual = RotaryEmbedding.InverseFrequencies(loaded.Model.Config);

        Assert.Equal(expected.Length, actual.Length);
        GoldenLedger.AddWithin("goldens/forward", "rotary frequencies, relative", expected.Length,
            expected.Zip(actual).Max(p => Math.Abs(p.First - p.Second) / p.First), 1e-6);
    }

    [Theory, MemberData(nameof(Models))]
    public void NamedParameters_OfModel_AreThoseThatTheConfigAsksFor(string name)
    {
        using var loaded = Goldens.Model(name);
        var parameters = loaded.Model.NamedParameters();

        Assert.Equal(
            ParameterShapes.Of(loaded.Model.Config).OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select(p => $"{p.Name} {string.Join(',', p.Shape)}"),
            parameters.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name} {string.Join(',', p.Value.shape)}"));
        Assert.Equal(Goldens.Json("forward.json")["models"]![name]!["num_parameters"]!.GetValue<int>(),
            parameters.Sum(p => p.Value.numel()));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, 0.03)]
    [InlineData(ScalarType.Float16, 0.004)]
    public void Forward_NarrowTypes_StayNearFloat32(ScalarType type, double bound)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var narrow = LightReasoner.Worker.Checkpoints.HuggingFaceFolder.Load(Path.Combine(Goldens.Folder, "llama-tiny"), type, CPU);
        using var tensors = Goldens.Tensors("forward.safetensors");
        var ids = Goldens.Batch(Goldens.Json("forward.json")["models"]!["llama-tiny"]!["input_ids"]![1]!.Ids());

        var logits = narrow.Model.forward(ids)[0];

        Assert.Equal(type, narrow.Model.DType);
        GoldenLedger.AddWithin("goldens/forward", $"logits, {type}, norm of the difference", 1,
            Goldens.RelativeDifference(logits, tensors.Load("llama-tiny.logits.1")), bound);
    }
}
