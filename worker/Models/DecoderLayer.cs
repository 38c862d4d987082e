using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace LightReasoner.Worker.Models;

/// <summary>What all layers of one forward pass share.</summary>
/// <param name="Rows">Sequences.</param>
/// <param name="Length">Columns of each.</param>
/// <param name="Cos">Rotations, [tokens, heads + 2·kvHeads, headDim]; the values' are the identity.</param>
/// <param name="Sin">Likewise, with the sign of the half-split form.</param>
/// <param name="Mask">Added to the attention scores: 0 or -inf; null for causal. With a cache [rows, 1, group·length, reach].</param>
/// <param name="Cache">Keys and values of what was read before.</param>
/// <param name="Place">Where the new tokens go in the cache.</param>
internal sealed record ForwardPass(int Rows, int Length, Tensor Cos, Tensor Sin, Tensor? Mask, KvCache? Cache = null,
    CachePlace? Place = null)
{
    /// <summary>Lets the tensors outlive the scope that they were made in.</summary>
    public void DetachFromDisposeScope()
    {
        Cos.DetachFromDisposeScope();
        Sin.DetachFromDisposeScope();
        Mask?.DetachFromDisposeScope();
    }

    /// <summary>0 where the mask is true, -inf elsewhere.</summary>
    public static Tensor Additive(Tensor mask, ScalarType dtype) =>
        zeros(mask.shape, dtype: dtype, device: mask.device).masked_fill_(mask.logical_not(), Scalars.NegativeInfinity);
}

/// <summary>
/// One layer: grouped-query attention and a gated feed-forward layer, each over the normalised residual stream and added back to it.
/// </summary>
internal sealed class DecoderLayer
{
    private readonly int _layer, _heads, _kvHeads, _headDim;
    private readonly RmsNorm _inputNorm, _postAttentionNorm;
    private readonly RmsNorm? _queryNorm, _keyNorm;
    private readonly Projection _queryKeyValue, _output, _gateUp, _down;

    public DecoderLayer(DecoderConfig config, int layer, ScalarType dtype, Device device)
    {
        (_layer, _heads, _kvHeads, _headDim) = (layer, config.NumHeads, config.NumKvHeads, config.HeadDim);
        string name = $"model.layers.{layer}", attention = $"{name}.self_attn", mlp = $"{name}.mlp";
        _queryKeyValue = new Projection(dtype, device, config.HiddenSize,
            ($"{attention}.q_proj", _heads * _headDim, config.AttentionBias),
            ($"{attention}.k_proj", _kvHeads * _headDim, config.AttentionBias),
            ($"{attention}.v_proj", _kvHeads * _headDim, config.AttentionBias));
        _output = new Projection(dtype, device, _heads * _headDim, ($"{attention}.o_proj", config.HiddenSize, config.AttentionOutputBias));
        _gateUp = new Projection(dtype, device, config.HiddenSize,
            ($"{mlp}.gate_proj", config.IntermediateSize, config.MlpBias),
            ($"{mlp}.up_proj", config.IntermediateSize, config.MlpBias));
        _down = new Projection(dtype, device, config.IntermediateSize, ($"{mlp}.down_proj", config.HiddenSize, config.MlpBias));
        _inputNorm = Norm($"{name}.input_layernorm", config.HiddenSize);
        _postAttentionNorm = Norm($"{name}.post_attention_layernorm", config.HiddenSize);
        if (config.QkNorm)
            (_queryNorm, _keyNorm) = (Norm($"{attention}.q_norm", _headDim), Norm($"{attention}.k_norm", _headDim));

        RmsNorm Norm(string of, int size) => new(of, size, config.RmsNormEps, dtype, device);
    }

    public IReadOnlyList<Projection> Projections => [_queryKeyValue, _output, _gateUp, _down];

    public IEnumerable<NamedSlice> Slices() => Projections.SelectMany(projection => projection.Slices())
        .Concat(_queryNorm is null ? [] : [_queryNorm.Slice, _keyNorm!.Slice])
        .Append(_inputNorm.Slice).Append(_postAttentionNorm.Slice);

    /// <summary>The residual stream after this layer, [tokens, hidden].</summary>
    /// <param name="wanted">The tokens that are returned; the others only leave their keys and values. Null for all.</param>
    public Tensor Forward(Tensor x, ForwardPass pass, Generator? dropout = null, Tensor? wanted = null)
    {
        using var scope = NewDisposeScope();
        var attended = Attention(_queryKeyValue.Forward(_inputNorm.Forward(x), dropout), pass);
        if (wanted is not null)
            (x, attended) = (x.index_select(0, wanted), attended.index_select(0, wanted));
        x = _output.ForwardOnto(x, attended, dropout);
        var gateUp = _gateUp.Forward(_postAttentionNorm.Forward(x), dropout).chunk(2, -1);
        return _down.ForwardOnto(x, silu(gateUp[0]).mul(gateUp[1]), dropout).MoveToOuterDisposeScope();
    }

    /// <summary>[tokens, (heads + 2·kvHeads)·headDim] → [tokens, heads·headDim]. Query head h reads key head h / group.</summary>
    private Tensor Attention(Tensor projected, ForwardPass pass)
    {
        var (rows, length, group) = (pass.Rows, pass.Length, _heads / _kvHeads);
        var qkv = projected.view(-1, _heads + 2 * _kvHeads, _headDim);
        if (_queryNorm is not null)
            qkv = cat([_queryNorm.Forward(qkv.narrow(1, 0, _heads)), _keyNorm!.Forward(qkv.narrow(1, _heads, _kvHeads)),
                qkv.narrow(1, _heads + _kvHeads, _kvHeads)], 1);
        qkv = qkv.roll(_headDim / 2, -1).mul_(pass.Sin).addcmul(qkv, pass.Cos, Scalars.One);

        if (pass.Cache is null)
        {
            var heads = qkv.view(rows, length, -1, _headDim).transpose(1, 2); // [rows, heads, length, headDim]
            var whole = scaled_dot_product_attention(heads.narrow(1, 0, _heads), Repeated(heads.narrow(1, _heads, _kvHeads)),
                Repeated(heads.narrow(1, _heads + _kvHeads, _kvHeads)), pass.Mask, is_casual: pass.Mask is null);
            return whole.transpose(1, 2).reshape(-1, _heads * _headDim);
        }
        // The query heads of a KV head are rows of one product, so that the cached keys and values are read where they lie, once.
        var (keys, values) = pass.Cache.Append(_layer, qkv.narrow(1, _heads, 2 * _kvHeads), pass.Place!);
        var queries = qkv.narrow(1, 0, _heads).view(rows, length, _kvHeads, group, _headDim).permute(0, 2, 3, 1, 4).reshape(rows, _kvHeads,
            group * length, _headDim);
        var context = scaled_dot_product_attention(queries, keys, values, pass.Mask);
        return context.view(rows, _kvHeads, group, length, _headDim).permute(0, 3, 1, 2, 4).reshape(-1, _heads * _headDim);

        Tensor Repeated(Tensor heads) => group == 1 ? heads
            : heads.unsqueeze(2).expand(rows, _kvHeads, group, length, _headDim).reshape(rows, _heads, length, _headDim);
    }
}

/// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension, the quotient in float32.</summary>
internal sealed class RmsNorm
{
    private readonly Scalar _eps;

    public RmsNorm(string name, int size, double eps, ScalarType dtype, Device device)
    {
        _eps = Scalars.Of(eps);
        Weight = NamedSlice.Own(ones([size], dtype: dtype, device: device));
        Slice = new NamedSlice($"{name}.weight", Weight);
    }

    public TorchSharp.Modules.Parameter Weight { get; }

    public NamedSlice Slice { get; }

    public Tensor Forward(Tensor x)
    {
        var wide = x.dtype == ScalarType.Float32 ? x : x.to(ScalarType.Float32);
        var quotient = wide.mul(wide.mul(wide).mean([-1], true).add(_eps, Scalars.One).rsqrt_());
        return (x.dtype == ScalarType.Float32 ? quotient : quotient.to(x.dtype)).mul(Weight);
    }
}
