using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>The gated feed-forward layer: down(silu(gate(x)) · up(x)).</summary>
internal sealed class FeedForward
{
    public FeedForward(DecoderConfig config, int layer, ScalarType dtype, Device device)
    {
        var name = $"model.layers.{layer}.mlp";
        GateUp = new FusedProjection(dtype, device, config.HiddenSize,
            ($"{name}.gate_proj", config.IntermediateSize, config.MlpBias),
            ($"{name}.up_proj", config.IntermediateSize, config.MlpBias));
        Down = new FusedProjection(dtype, device, config.IntermediateSize, ($"{name}.down_proj", config.HiddenSize, config.MlpBias));
    }

    public FusedProjection GateUp { get; }

    public FusedProjection Down { get; }

    /// <summary>residual + feedforward(x); both [tokens, hidden].</summary>
    public Tensor Forward(Tensor residual, Tensor x, bool training)
    {
        if (!GateUp.Adapted && !is_grad_enabled() && (GateUp.TryForwardGated(x) ?? RowOperators.TryGate(GateUp.ForwardTogether(x))) is { } gated)
            return Down.ForwardOnto(residual, gated, training);
        var parts = GateUp.Forward(x, training);
        return Down.ForwardOnto(residual, RowGradients.TryGate(parts[0], parts[1]) ?? nn.functional.silu(parts[0]).mul(parts[1]), training);
    }
}
