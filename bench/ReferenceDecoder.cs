using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace LightReasoner.Bench;

/// <summary>
/// A Qwen2 decoder as Hugging Face's eager implementation computes it, over the same weights and the same libtorch: one product a
/// projection, rotations made anew in every pass, keys repeated for every query head, softmax in float32, a cache that grows by
/// concatenation.
/// </summary>
internal sealed class ReferenceDecoder
{
    private readonly DecoderConfig _config;
    private readonly Dictionary<string, Tensor> _weights;
    private readonly Tensor _inverseFrequencies, _eps, _scale, _zero;

    public ReferenceDecoder(CausalLM model)
    {
        _config = model.Config;
        _weights = model.NamedParameters().ToDictionary(p => p.Name, p => p.Value.DetachFromDisposeScope());
        _inverseFrequencies = tensor(RotaryEmbedding.InverseFrequencies(_config)).DetachFromDisposeScope();
        _eps = tensor(new[] { (float)_config.RmsNormEps }).DetachFromDisposeScope();
        _scale = tensor(new[] { (float)(1 / Math.Sqrt(_config.HeadDim)) }).DetachFromDisposeScope();
        _zero = tensor(new[] { 0f }).DetachFromDisposeScope();
    }

    /// <summary>The keys and values of each layer, [rows, kvHeads, length, headDim].</summary>
    public sealed class Cache
    {
        public List<(Tensor Keys, Tensor Values)> Layers { get; } = [];

        public long Length => Layers.Count == 0 ? 0 : Layers[0].Keys.size(2);
    }

    /// <summary>The weights as parameters of a training program: the very tensors, with gradients.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => _weights;

    /// <summary>Logits, [rows, length or 1, vocab].</summary>
    /// <param name="ids">[rows, length].</param>
    /// <param name="cache">What was read before; null to keep nothing.</param>
    /// <param name="lastOnly">The head over the last position only, as generate() has it.</param>
    /// <param name="adapted">Changes a projection's output, as PEFT does: takes name, input and output.</param>
    public Tensor Forward(Tensor ids, Cache? cache = null, bool lastOnly = false, Func<string, Tensor, Tensor, Tensor>? adapted = null)
    {
        using var scope = NewDisposeScope();
        var (length, past) = (ids.size(1), cache?.Length ?? 0);
        var positions = arange(past, past + length, dtype: ScalarType.Float32);
        var angles = positions.unsqueeze(1).mul(_inverseFrequencies);
        angles = cat([angles, angles], -1);
        var (cos, sin) = (angles.cos(), angles.sin());
        var mask = length == 1 ? null : zeros([length, past + length])
            .masked_fill(ones([length, past + length], dtype: ScalarType.Bool).triu(past + 1), Scalars.NegativeInfinity);
        var x = _weights["model.embed_tokens.weight"].index_select(0, ids.reshape(-1)).view(ids.size(0), length, -1);
        for (var layer = 0; layer < _config.NumLayers; layer++)
        {
            var name = $"model.layers.{layer}";
            x = x.add(Attention(Norm(x, $"{name}.input_layernorm"), layer, cos, sin, mask, cache, adapted));
            var y = Norm(x, $"{name}.post_attention_layernorm");
            var gated = silu(Linear(y, $"{name}.mlp.gate_proj", adapted)).mul(Linear(y, $"{name}.mlp.up_proj", adapted));
            x = x.add(Linear(gated, $"{name}.mlp.down_proj", adapted));
        }
        x = Norm(x, "model.norm");
        if (lastOnly)
            x = x.narrow(1, length - 1, 1);
        return linear(x, _weights.GetValueOrDefault("lm_head.weight") ?? _weights["model.embed_tokens.weight"]).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor x, int layer, Tensor cos, Tensor sin, Tensor? mask, Cache? cache,
        Func<string, Tensor, Tensor, Tensor>? adapted)
    {
        var (rows, length, name) = (x.size(0), x.size(1), $"model.layers.{layer}.self_attn");
        var queries = Rotate(Heads("q_proj", _config.NumHeads));
        var keys = Rotate(Heads("k_proj", _config.NumKvHeads));
        var values = Heads("v_proj", _config.NumKvHeads);
        if (cache is not null)
        {
            if (layer < cache.Layers.Count)
                (keys, values) = (cat([cache.Layers[layer].Keys, keys], 2), cat([cache.Layers[layer].Values, values], 2));
            keys.DetachFromDisposeScope();
            values.DetachFromDisposeScope();
            if (layer < cache.Layers.Count)
            {
                cache.Layers[layer].Keys.Dispose();
                cache.Layers[layer].Values.Dispose();
                cache.Layers[layer] = (keys, values);
            }
            else
                cache.Layers.Add((keys, values));
        }
        var scores = queries.matmul(Repeat(keys).transpose(2, 3)).mul(_scale);
        if (mask is not null)
            scores = scores.add(mask);
        var context = scores.softmax(-1).matmul(Repeat(values)).transpose(1, 2).reshape(rows, length, -1);
        return Linear(context, $"{name}.o_proj", adapted);

        Tensor Heads(string projection, int heads) => Linear(x, $"{name}.{projection}", adapted).view(rows, length, heads,
            _config.HeadDim).transpose(1, 2);

        Tensor Rotate(Tensor heads)
        {
            var halves = heads.chunk(2, -1);
            return heads.mul(cos).add(cat([halves[1].neg(), halves[0]], -1).mul(sin));
        }

        Tensor Repeat(Tensor heads) => heads.repeat_interleave(_config.NumHeads / _config.NumKvHeads, 1);
    }

    private Tensor Linear(Tensor x, string name, Func<string, Tensor, Tensor, Tensor>? adapted)
    {
        var output = linear(x, _weights[$"{name}.weight"], _weights.GetValueOrDefault($"{name}.bias"));
        return adapted?.Invoke(name, x, output) ?? output;
    }

    private Tensor Norm(Tensor x, string name) => x.mul(x.mul(x).mean([-1], true).add(_eps).rsqrt()).mul(_weights[$"{name}.weight"]);
}
