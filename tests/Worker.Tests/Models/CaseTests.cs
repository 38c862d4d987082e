using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Tests.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>Model folders that were once read wrongly (../shared/cases).</summary>
public sealed class CaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData("rope-theta-toplevel", "qwen2-tiny"), InlineData("rope-scaling-beats-parameters", "llama-tiny")]
    public void Load_RotationNamedInOtherPlaces_GivesThePublishedLogits(string name, string model)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Copy(model);
        File.Copy(SharedFolder.Of($"cases/{name}/config.json"), _folder["config.json"], overwrite: true);
        using var loaded = HuggingFaceFolder.Load(_folder.Path, ScalarType.Float32, CPU);
        using var tensors = Goldens.Tensors("forward.safetensors");
        var ids = Goldens.Json("forward.json")["models"]![model]!["input_ids"]![1]!.Ids();
        Assert.True(Goldens.LargestDifference(loaded.Model.forward(Goldens.Batch(ids))[0], tensors.Load($"{model}.logits.1")) < 1e-4);
    }

    [Theory, InlineData("rope_scaling"), InlineData("rope_parameters")]
    public void Load_UnsupportedRotation_IsRefusedWhereverItStands(string place)
    {
        Copy("llama-tiny");
        var config = JsonNode.Parse(File.ReadAllText(SharedFolder.Of("cases/rope-scaling-beats-parameters/config.json")))!;
        config[place]!["rope_type"] = "yarn";
        File.WriteAllText(_folder["config.json"], config.ToJsonString());
        var error = Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.Load(_folder.Path, ScalarType.Float32, CPU));
        Assert.Contains($"{place}.rope_type", error.Message);
        Assert.Contains("'yarn'", error.Message);
    }

    [Fact]
    public void EndIds_NamedInSomeFilesOnly_AreThoseOfAll()
    {
        Copy("llama-tiny"); // config.json names 3 and 2
        File.Copy(SharedFolder.Of("cases/eos-only-in-tokenizer/generation_config.json"), _folder["generation_config.json"], overwrite: true);
        using (var loaded = HuggingFaceFolder.Load(_folder.Path, ScalarType.Float32, CPU))
        {
            Assert.Equal([3, 2], loaded.EndIds(null));
            Assert.Equal([3, 2, 4], (loaded with { EosIds = [3, 2, 4, 3] }).EndIds(null).Distinct());
        }
        var config = JsonNode.Parse(File.ReadAllText(_folder["config.json"]))!.AsObject();
        config.Remove("eos_token_id");
        File.WriteAllText(_folder["config.json"], config.ToJsonString());
        using var none = HuggingFaceFolder.Load(_folder.Path, ScalarType.Float32, CPU);
        Assert.Contains("names an end-of-sequence token", Assert.Throws<InvalidDataException>(() => none.EndIds(null)).Message);
    }

    private void Copy(string model)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Goldens.Folder, model)))
            File.Copy(file, _folder[Path.GetFileName(file)]);
    }
}
