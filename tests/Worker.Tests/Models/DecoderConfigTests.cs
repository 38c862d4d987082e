using System.Text.Json.Nodes;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Tests.Models;

public class DecoderConfigTests
{
    private const string Qwen3 = """
        {"architectures":["Qwen3ForCausalLM"],"attention_bias":false,"head_dim":128,"hidden_act":"silu","hidden_size":1024,"intermediate_size":3072,
         "max_position_embeddings":40960,"model_type":"qwen3","num_attention_heads":16,"num_hidden_layers":28,"num_key_value_heads":8,"rms_norm_eps":1e-06,
         "rope_scaling":null,"rope_theta":1000000,"tie_word_embeddings":true,"torch_dtype":"bfloat16","use_sliding_window":false,"vocab_size":151936}
        """;

    [Fact]
    public void Parse_Qwen3_HasOwnHeadWidthAndNorms()
    {
        var config = Parse(Qwen3);
        Assert.Equal((128, 16, 8, true, false), (config.HeadDim, config.NumHeads, config.NumKvHeads, config.QkNorm, config.AttentionBias));
        Assert.Equal(1e6, config.RopeTheta);
        Assert.True(config.TieWordEmbeddings);
    }

    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("llama-tiny")]
    public void ToJson_OfPublishedConfig_ParsesToTheSame(string name)
    {
        var config = DecoderConfig.Parse(Goldens.Json($"{name}/config.json"), "config.json");
        Assert.Equal(config, DecoderConfig.Parse(config.ToJson(), "again"));
    }

    [Fact]
    public void ToJson_OfQwen3_ParsesToTheSame() => Assert.Equal(Parse(Qwen3), DecoderConfig.Parse(Parse(Qwen3).ToJson(), "again"));

    [Fact]
    public void Parse_RopeParametersOfTransformers5_AreRead()
    {
        var config = Parse("""
            {"architectures":["LlamaForCausalLM"],"hidden_size":64,"intermediate_size":128,"num_attention_heads":4,"num_hidden_layers":1,"vocab_size":9,
             "rope_parameters":{"rope_type":"llama3","rope_theta":500000.0,"factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}}
            """);
        Assert.Equal(500000, config.RopeTheta);
        Assert.Equal(new RopeScaling(32, 1, 4, 8192), config.RopeScaling);
        Assert.Equal(4, config.NumKvHeads);
    }

    [Theory]
    [InlineData("architectures", """["GPT2LMHeadModel"]""",
        "GPT2LMHeadModel, which is not supported (supported: LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM)")]
    [InlineData("hidden_size", "-4", "'hidden_size' must be a whole number from 1")]
    [InlineData("hidden_size", "\"big\"", "'hidden_size' must be a whole number from 1")]
    [InlineData("num_key_value_heads", "5", "must divide num_attention_heads (16), is 5")]
    [InlineData("head_dim", "7", "'head_dim' must be even, is 7")]
    [InlineData("num_hidden_layers", "null", "'num_hidden_layers' is missing")]
    [InlineData("rms_norm_eps", "0", "'rms_norm_eps' must be a number above 0")]
    [InlineData("hidden_act", "\"gelu\"", "'gelu', which is not supported")]
    [InlineData("use_sliding_window", "true", "'use_sliding_window' is true")]
    [InlineData("tie_word_embeddings", "1", "'tie_word_embeddings' must be true or false")]
    [InlineData("rope_scaling", """{"rope_type":"yarn","factor":4}""", "'rope_scaling.rope_type' is 'yarn', which is not supported")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":4}""", "'rope_scaling.low_freq_factor' is missing")]
    public void Parse_BadField_NamesFileAndField(string field, string value, string expected)
    {
        var json = JsonNode.Parse(Qwen3)!.AsObject();
        json[field] = JsonNode.Parse(value);
        var error = Assert.Throws<InvalidDataException>(() => DecoderConfig.Parse(json, "m/config.json"));
        Assert.StartsWith("m/config.json: ", error.Message);
        Assert.Contains(expected, error.Message);
    }

    private static DecoderConfig Parse(string json) => DecoderConfig.Parse(JsonNode.Parse(json)!.AsObject(), "config.json");
}
