using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>One layer: attention and feed-forward, each over the normalised residual stream and added back to it.</summary>
internal sealed class DecoderLayer : IDisposable
{
    private readonly RmsNorm _inputNorm, _postAttentionNorm;
    private readonly Attention _attention;
    private readonly FeedForward _feedForward;

    public DecoderLayer(DecoderConfig config, int layer, ScalarType dtype, Device device)
    {
        var name = $"model.layers.{layer}";
        _inputNorm = new RmsNorm($"{name}.input_layernorm", config.HiddenSize, config.RmsNormEps, dtype, device);
        _attention = new Attention(config, layer, dtype, device);
        _postAttentionNorm = new RmsNorm($"{name}.post_attention_layernorm", config.HiddenSize, config.RmsNormEps, dtype, device);
        _feedForward = new FeedForward(config, layer, dtype, device);
    }

    private IEnumerable<FusedProjection> Groups => [_attention.QueryKeyValue, _attention.Output, _feedForward.GateUp, _feedForward.Down];

    public IEnumerable<Projection> Projections => Groups.SelectMany(group => group.Parts);

    public IEnumerable<(string Name, Parameter Value)> Parameters() => Projections.SelectMany(p => p.Parameters())
        .Concat(Norms.Select(norm => ($"{norm.Name}.weight", norm.Weight)));

    private IEnumerable<RmsNorm> Norms => _attention.Norms().Append(_inputNorm).Append(_postAttentionNorm);

    public void Dispose()
    {
        foreach (var group in Groups)
            group.Dispose();
        foreach (var norm in Norms)
            norm.Dispose();
    }

    /// <summary>The residual stream [batch·length, hidden] after this layer; after the last one only where the plan asks for it.</summary>
    public Tensor Forward(Tensor x, AttentionPlan plan, bool training, bool last = false)
    {
        using var scope = NewDisposeScope();
        var attended = _attention.Forward(x, _inputNorm.Forward(x), plan, training, last);
        return _feedForward.Forward(attended, _postAttentionNorm.Forward(attended), training).MoveToOuterDisposeScope();
    }
}
