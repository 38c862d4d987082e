using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Checkpoints;

public class PeftAdapterTests
{
    private static string Published => Path.Combine(Goldens.Folder, "lora-adapter");

    [Fact]
    public void Save_LoadedAdapter_HasPeftsTensorsAndFields()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var loaded = Goldens.Model("qwen2-tiny");

        PeftAdapter.Save(PeftAdapter.Load(Published, loaded.Model), folder.Path, "qwen2-tiny");

        using var expected = new SafetensorsFile(Path.Combine(Published, "adapter_model.safetensors"));
        using var actual = new SafetensorsFile(folder["adapter_model.safetensors"]);
        Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), actual.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Entries.Keys, name => Assert.Equal(expected.Load(name).bytes.ToArray(), actual.Load(name).bytes.ToArray()));
        var published = JsonNode.Parse(File.ReadAllText(Path.Combine(Published, "adapter_config.json")))!;
        var written = JsonNode.Parse(File.ReadAllText(folder["adapter_config.json"]))!;
        foreach (var field in (string[])["base_model_name_or_path", "bias", "fan_in_fan_out", "lora_alpha", "lora_dropout", "peft_type",
            "r", "target_modules", "task_type", "use_dora", "use_rslora"])
            Assert.True(JsonNode.DeepEquals(published[field], written[field]), field);
    }

    [Fact]
    public void Load_RankStabilisedAdapter_IsScaledByAlphaOverTheRootOfTheRank()
    {
        using var folder = new TemporaryFolder();
        using var loaded = Goldens.Model("qwen2-tiny");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Published, "adapter_config.json")))!;
        config["use_rslora"] = true;
        File.WriteAllText(folder["adapter_config.json"], config.ToJsonString());
        File.Copy(Path.Combine(Published, "adapter_model.safetensors"), folder["adapter_model.safetensors"]);

        Assert.Equal(16 * Math.Sqrt(8), PeftAdapter.Load(folder.Path, loaded.Model).Options.Alpha, 1e-12); // alpha / rank is 16 / √8
    }

    [Theory]
    [InlineData("alora_invocation_tokens", "[5]", "'alora_invocation_tokens'")]
    [InlineData("peft_type", "\"IA3\"", "'peft_type' is 'IA3'")]
    [InlineData("r", "0", "'r' must be a whole number from 1")]
    [InlineData("r", "4", "has shape [8, 64], expected [4, 64]")]
    [InlineData("use_dora", "true", "'use_dora' is true")]
    [InlineData("init_lora_weights", "\"pissa\"", "'init_lora_weights' is 'pissa'")]
    [InlineData("init_lora_weights", "\"pissa_niter_16\"", "path_initial_model_for_weight_conversion")]
    [InlineData("init_lora_weights", "\"loftq\"", "changes the base model's weights")]
    [InlineData("bias", "\"all\"", "'bias' is 'all'")]
    [InlineData("rank_pattern", """{"q_proj":4}""", "'rank_pattern'")]
    [InlineData("target_modules", """["q_proj","wte"]""", "'wte', which is not supported")]
    [InlineData("target_modules", """["q_proj"]""", "belongs to no target module")]
    [InlineData("target_modules", """["q_proj","v_proj","o_proj"]""", "self_attn.o_proj.lora_A.weight' is missing")]
    public void Load_BadAdapter_IsRefusedAndLeavesTheModelAsItWas(string field, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        using var loaded = Goldens.Model("qwen2-tiny");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Published, "adapter_config.json")))!;
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(folder["adapter_config.json"], config.ToJsonString());
        File.Copy(Path.Combine(Published, "adapter_model.safetensors"), folder["adapter_model.safetensors"]);

        var error = Assert.Throws<InvalidDataException>(() => PeftAdapter.Load(folder.Path, loaded.Model));

        Assert.StartsWith(folder.Path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.Null(loaded.Model.Lora);
    }

    [Fact]
    public void Save_OverMergedAdapters_IsOneAdapterThatGivesTheSameLogits()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var trained = Goldens.Model("qwen2-tiny");
        var ids = Goldens.Batch([5, 6, 7, 8]);
        PeftAdapter.Load(Published, trained.Model);
        trained.Model.MergeLora();
        var upper = trained.Model.AddLora(new LoraSpec { Rank = 4, Alpha = 6, TargetModules = ["v_proj", "down_proj"] }, 3);
        foreach (var (name, value) in upper.NamedParameters)
            if (name.Contains("lora_B", StringComparison.Ordinal))
                value.normal_(0, 0.05);
        var expected = trained.Model.forward(ids);

        PeftAdapter.Save(upper, folder.Path, "qwen2-tiny", [Published]);
        using var read = Goldens.Model("qwen2-tiny");
        var adapter = PeftAdapter.Load(folder.Path, read.Model);

        Assert.Equal((12, 1.0), (adapter.Options.Rank, adapter.Options.Alpha / adapter.Options.Rank));
        Assert.Equal(["down_proj", "q_proj", "v_proj"], adapter.Options.TargetModules.Order());
        Assert.True(Goldens.LargestDifference(expected, read.Model.forward(ids)) < 1e-4);
    }
}
