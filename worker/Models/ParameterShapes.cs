namespace LightReasoner.Worker.Models;

/// <summary>Names and shapes of all weights that a configuration asks for, known before any is allocated.</summary>
internal static class ParameterShapes
{
    public static IEnumerable<(string Name, long[] Shape)> Of(DecoderConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        long queries = (long)config.NumHeads * config.HeadDim, keys = (long)config.NumKvHeads * config.HeadDim;
        yield return ("model.embed_tokens.weight", [config.VocabSize, hidden]);
        for (var layer = 0; layer < config.NumLayers; layer++)
        {
            var name = $"model.layers.{layer}";
            foreach (var weight in Linear($"{name}.self_attn.q_proj", queries, hidden, config.AttentionBias)
                .Concat(Linear($"{name}.self_attn.k_proj", keys, hidden, config.AttentionBias))
                .Concat(Linear($"{name}.self_attn.v_proj", keys, hidden, config.AttentionBias))
                .Concat(Linear($"{name}.self_attn.o_proj", hidden, queries, config.AttentionOutputBias))
                .Concat(Linear($"{name}.mlp.gate_proj", inner, hidden, config.MlpBias))
                .Concat(Linear($"{name}.mlp.up_proj", inner, hidden, config.MlpBias))
                .Concat(Linear($"{name}.mlp.down_proj", hidden, inner, config.MlpBias)))
                yield return weight;
            if (config.QkNorm)
            {
                yield return ($"{name}.self_attn.q_norm.weight", [config.HeadDim]);
                yield return ($"{name}.self_attn.k_norm.weight", [config.HeadDim]);
            }
            yield return ($"{name}.input_layernorm.weight", [hidden]);
            yield return ($"{name}.post_attention_layernorm.weight", [hidden]);
        }
        yield return ("model.norm.weight", [hidden]);
        if (!config.TieWordEmbeddings)
            yield return ("lm_head.weight", [config.VocabSize, hidden]);
    }

    private static IEnumerable<(string, long[])> Linear(string name, long outFeatures, long inFeatures, bool bias)
    {
        yield return ($"{name}.weight", [outFeatures, inFeatures]);
        if (bias)
            yield return ($"{name}.bias", [outFeatures]);
    }
}
