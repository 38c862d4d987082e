using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Checkpoints;

public class HuggingFaceFolderTests
{
    [Fact]
    public void Load_SeveralEosIds_AreAllKept()
    {
        using var loaded = Goldens.Model("llama-tiny");
        Assert.Equal([3, 2], loaded.EosIds);
    }

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(150_000L, 3)]
    public void Save_ThenLoad_GivesTheSameModel(long shardBytes, int minFiles)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var source = Path.Combine(Goldens.Folder, "llama-tiny");
        using var original = Goldens.Model("llama-tiny");
        File.WriteAllText(folder["model-00009-of-00009.safetensors"], "left over");

        HuggingFaceFolder.Save(original.Model, source, folder.Path, ScalarType.BFloat16, shardBytes);
        using var again = HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU);

        Assert.Equal(original.Model.Config, again.Model.Config);
        Assert.Equal([3, 2], again.EosIds);
        Assert.All(original.Model.NamedParameters().Zip(again.Model.NamedParameters()), p =>
            Assert.Equal(p.First.Value.bytes.ToArray(), p.Second.Value.bytes.ToArray()));
        var config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        Assert.Equal("bfloat16", (string?)config["torch_dtype"]);
        Assert.Equal(1024, (int?)config["max_position_embeddings"]);
        var files = Directory.GetFiles(folder.Path, "*.safetensors");
        Assert.Equal(minFiles > 1, File.Exists(folder["model.safetensors.index.json"]));
        Assert.True(files.Length >= minFiles && files.All(f => minFiles == 1 || new FileInfo(f).Length < shardBytes + 5000));
        Assert.Equal("bfloat16", (string?)HuggingFaceFolder.Inspect(folder.Path)["dtype"]);
    }

    [Fact]
    public void Save_NewModelWithoutSourceConfig_WritesACompleteFolder()
    {
        using var folder = new TemporaryFolder();
        using var tokenizer = new TemporaryFolder();
        File.WriteAllText(tokenizer["tokenizer.json"], "{}");
        using var model = CausalLM.Create(KvCacheTests.Config, ScalarType.Float32, CPU, initSeed: 4);

        HuggingFaceFolder.Save(model, tokenizer.Path, folder.Path, ScalarType.Float32);
        using var again = HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU);

        Assert.Equal(model.Config, again.Model.Config);
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"],
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Save_UnmergedAdapter_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var loaded = Goldens.Model("qwen2-tiny");
        loaded.Model.AddLora(new LoraSpec(), 1);
        Assert.Throws<InvalidOperationException>(() => HuggingFaceFolder.Save(loaded.Model, loaded.Dir, folder.Path, ScalarType.Float32));
    }

    [Fact]
    public void Inspect_Folder_TellsShapeAndFiles()
    {
        var json = HuggingFaceFolder.Inspect(Path.Combine(Goldens.Folder, "qwen2-tiny"));
        Assert.Equal("Qwen2ForCausalLM", (string?)json["architecture"]);
        Assert.Equal(156384, (long?)json["parameters"]);
        Assert.Equal("float32", (string?)json["dtype"]);
        Assert.Equal(512, (int?)json["vocabulary"]);
        Assert.Equal(1024, (int?)json["context"]);
        Assert.Contains(json["files"]!.AsArray(), f => (string?)f!["name"] == "model.safetensors" && (long?)f["bytes"] == 629424);
    }

    [Fact]
    public void Load_MissingTensor_NamesFileAndTensor() => Refused(
        weights => weights.RemoveAll(w => w.Name == "model.layers.1.mlp.up_proj.weight"),
        "model.safetensors: tensor 'model.layers.1.mlp.up_proj.weight' is missing");

    [Fact]
    public void Load_MisshapedTensor_NamesFileAndTensor() => Refused(
        weights => weights[weights.FindIndex(w => w.Name == "model.norm.weight")] = ("model.norm.weight", ones(63)),
        "model.safetensors: tensor 'model.norm.weight' has shape [63], expected [64]");

    [Fact]
    public void Load_IntegerWeight_IsRefused() => Refused(
        weights => weights[weights.FindIndex(w => w.Name == "model.norm.weight")] = ("model.norm.weight",
            ones([64], dtype: ScalarType.Int64)),
        "'model.norm.weight' has type int64");

    [Fact]
    public void Load_SurplusTensor_IsRefused() => Refused(
        weights => weights.Add(("model.layers.0.self_attn.o_proj.bias", ones(64))),
        "tensor 'model.layers.0.self_attn.o_proj.bias' is not a weight of the Qwen2ForCausalLM");

    [Fact]
    public void Load_RedundantTiedHead_IsIgnored()
    {
        using var folder = Changed(weights => weights.Add(("lm_head.weight", zeros(512, 64))));
        using var loaded = HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU);
        Assert.DoesNotContain(loaded.Model.NamedParameters(), p => p.Name == "lm_head.weight");
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../x.safetensors"}}""", "'../x.safetensors', which is not a file of this folder")]
    [InlineData("""{"weight_map":{"a":"x.safetensors"}}""", "x.safetensors: is missing")]
    [InlineData("""{"weight_map":{"a":7}}""", "tensor 'a' must name its file")]
    [InlineData("""{"weight_map":[]}""", "field 'weight_map'")]
    [InlineData("""{"weight_map":""", "malformed JSON")]
    [InlineData("""{"weight_map":{"a":"x"},"weight_map":{}}""", "malformed JSON")]
    public void Load_BadIndex_IsRefused(string index, string expected)
    {
        using var folder = Changed(_ => { });
        File.Move(folder["model.safetensors"], folder["x"]);
        File.WriteAllText(folder["model.safetensors.index.json"], index);
        Assert.Contains(expected, Assert.ThrowsAny<IOException>(() => Throwing(folder)).Message);
    }

    [Fact]
    public void Load_SingleFileBesideAnIndex_TakesTheFileAsTransformersDoes()
    {
        using var folder = Changed(_ => { });
        File.WriteAllText(folder["model.safetensors.index.json"],
            """{"weight_map":{"model.norm.weight":"model-00001-of-00001.safetensors"}}""");
        using var model = HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU);
        Assert.Equal(ScalarType.Float32, HuggingFaceFolder.StoredType(folder.Path));
        Assert.Equal(ScalarType.BFloat16, HuggingFaceFolder.StoredType(Path.Combine(Goldens.Folder, "llama-tiny")));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html><body>404</body></html>", "HTML page")]
    [InlineData("PK\u0003\u0004 archive", "zip archive")]
    public void Load_SomethingElseInPlaceOfTheWeights_IsNamed(string content, string expected)
    {
        using var folder = Changed(_ => { });
        File.WriteAllText(folder["model.safetensors"], content);
        Assert.Contains(expected, Assert.ThrowsAny<IOException>(() => Throwing(folder)).Message);
    }

    [Fact]
    public void Load_NoModelThere_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("config.json: is missing", Assert.Throws<FileNotFoundException>(() =>
            HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU)).Message);
        using var other = Changed(_ => { });
        File.Move(other["model.safetensors"], other["pytorch_model.bin"]);
        Assert.Contains("convert them to safetensors", Assert.Throws<FileNotFoundException>(() =>
            HuggingFaceFolder.Load(other.Path, ScalarType.Float32, CPU)).Message);
    }

    // InvalidDataException is no IOException; one type for the theory above.
    private static void Throwing(TemporaryFolder folder)
    {
        try
        {
            HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU).Dispose();
        }
        catch (InvalidDataException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static void Refused(Action<List<(string Name, Tensor Value)>> change, string expected)
    {
        using var folder = Changed(change);
        var error = Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.Load(folder.Path, ScalarType.Float32, CPU));
        Assert.StartsWith(folder.Path, error.Message);
        Assert.Contains(expected, error.Message);
    }

    private static TemporaryFolder Changed(Action<List<(string Name, Tensor Value)>> change)
    {
        using var scope = NewDisposeScope();
        var source = Path.Combine(Goldens.Folder, "qwen2-tiny");
        var folder = new TemporaryFolder();
        File.Copy(Path.Combine(source, "config.json"), folder["config.json"]);
        using var file = new SafetensorsFile(Path.Combine(source, "model.safetensors"));
        var weights = file.Entries.Keys.Select(name => (name, file.Load(name))).ToList();
        change(weights);
        Safetensors.Write(folder["model.safetensors"], weights);
        return folder;
    }
}
