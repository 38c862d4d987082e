using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>Grouped-query attention with rotary positions. Query head h reads key head h / (heads / kvHeads).</summary>
internal sealed class Attention
{
    private readonly int _layer, _heads, _kvHeads, _headDim;
    private readonly RmsNorm? _queryNorm, _keyNorm;

    public Attention(DecoderConfig config, int layer, ScalarType dtype, Device device)
    {
        var name = $"model.layers.{layer}.self_attn";
        (_layer, _heads, _kvHeads, _headDim) = (layer, config.NumHeads, config.NumKvHeads, config.HeadDim);
        QueryKeyValue = new FusedProjection(dtype, device, config.HiddenSize,
            ($"{name}.q_proj", _heads * _headDim, config.AttentionBias),
            ($"{name}.k_proj", _kvHeads * _headDim, config.AttentionBias),
            ($"{name}.v_proj", _kvHeads * _headDim, config.AttentionBias));
        Output = new FusedProjection(dtype, device, _heads * _headDim, ($"{name}.o_proj", config.HiddenSize, config.AttentionOutputBias));
        if (config.QkNorm)
        {
            _queryNorm = new RmsNorm($"{name}.q_norm", _headDim, config.RmsNormEps, dtype, device);
            _keyNorm = new RmsNorm($"{name}.k_norm", _headDim, config.RmsNormEps, dtype, device);
        }
    }

    public FusedProjection QueryKeyValue { get; }

    public FusedProjection Output { get; }

    public IEnumerable<RmsNorm> Norms() => _queryNorm is null ? [] : [_queryNorm, _keyNorm!];

    /// <summary>residual + attention(x); both [batch·length, hidden]. In the last layer only what the plan asks for, [asked, hidden].</summary>
    public Tensor Forward(Tensor residual, Tensor x, AttentionPlan plan, bool training, bool last)
    {
        if (plan.Decodes)
            return Project(residual, plan.Decode(_layer, QueryKeyValue.ForwardTogether(x), last), plan, training, last);

        var parts = QueryKeyValue.Forward(x, training);
        var queries = Heads(parts[0], _heads, plan, _queryNorm);
        var keys = Heads(parts[1], _kvHeads, plan, _keyNorm);
        var values = Heads(parts[2], _kvHeads, plan, null);
        queries = RotaryEmbedding.Rotate(queries, plan.QueryCos, plan.QuerySin);
        keys = RotaryEmbedding.Rotate(keys, plan.KeyCos, plan.KeySin);
        if (plan.Cache is not null)
            (keys, values) = plan.Cache.Append(_layer, keys, values, plan.Slots!, plan.Reach);
        else
        {
            plan.Collect(keys, values);
            if (plan.TryAttend(_layer, queries, keys, values) is { } attended)
                return Project(residual, attended, plan, training, last);
            (keys, values) = plan.Attended(_layer, keys, values);
        }

        var groups = _heads / _kvHeads;
        (keys, values) = (keys.reshape(-1, plan.Reach, _headDim), values.reshape(-1, plan.Reach, _headDim));
        var scores = queries.view(-1, groups * plan.Length, _headDim).bmm(keys.transpose(1, 2)); // [batch·kvHeads, groups·length, reach]
        var weights = nn.functional.softmax(plan.Mask(scores), -1, ScalarType.Float32).In(x.dtype);
        var context = weights.bmm(values);
        if (plan.Length > 1)
            context = context.view(plan.Batch, _heads, plan.Length, _headDim).transpose(1, 2).reshape(-1, _heads * _headDim);
        return Project(residual, context.view(-1, _heads * _headDim), plan, training, last);
    }

    private Tensor Project(Tensor residual, Tensor context, AttentionPlan plan, bool training, bool last) => last && plan.Asked is { } asked
        ? Output.ForwardOnto(residual.index_select(0, asked), context.index_select(0, asked), training)
        : Output.ForwardOnto(residual, context, training);

    /// <returns>[batch, heads, length, headDim], a view.</returns>
    private Tensor Heads(Tensor x, int heads, AttentionPlan plan, RmsNorm? norm)
    {
        if (plan.Length == 1)
        {
            var one = x.view(plan.Batch, heads, 1, _headDim);
            return norm?.Forward(one) ?? one;
        }
        var split = x.view(plan.Batch, plan.Length, heads, _headDim);
        return (norm?.Forward(split) ?? split).transpose(1, 2);
    }
}
