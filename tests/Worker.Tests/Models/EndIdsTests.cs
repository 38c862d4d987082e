using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Tests.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>The tokens that end an answer: those of every file that names one.</summary>
public sealed class EndIdsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EndIds_NamedInSomeFilesOnly_AreThoseOfAll()
    {
        Copy("llama-tiny"); // config.json names 3 and 2
        File.Copy(SharedFolder.Of("cases/eos-only-in-tokenizer/generation_config.json"), _folder["generation_config.json"],
            overwrite: true);
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
