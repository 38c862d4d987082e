using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// AdamW (arXiv 1711.05101) over one part of flat parameters: float32 master weights and both moments, some ten operators a step. As
/// torch.optim.AdamW, ε = 1e-8.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double Epsilon = 1e-8;

    private readonly ITrainingSpec _training;
    private readonly Tensor _weights, _gradients; // of the replica: model's type, float32

    /// <param name="part">The part that is updated here.</param>
    public AdamW(FlatParameters parameters, int part, ITrainingSpec training)
    {
        using var scope = NewDisposeScope();
        (_training, Start, Length) = (training, part * parameters.PartLength, parameters.PartLength);
        _weights = parameters.Weights.narrow(0, Start, Length).DetachFromDisposeScope();
        _gradients = parameters.Gradients.narrow(0, Start, Length).DetachFromDisposeScope();
        Master = (_weights.dtype == ScalarType.Float32 ? _weights.alias() : _weights.to(ScalarType.Float32)).DetachFromDisposeScope();
        Moment1 = zeros_like(_gradients).DetachFromDisposeScope();
        Moment2 = zeros_like(_gradients).DetachFromDisposeScope();
    }

    /// <summary>Where the part begins in the flat buffers.</summary>
    public long Start { get; }

    public long Length { get; }

    /// <summary>
    /// The weights in float32, since a small step would be lost in the rounding of 16 bits. The model's own where that is float32.
    /// </summary>
    public Tensor Master { get; }

    public Tensor Moment1 { get; }

    public Tensor Moment2 { get; }

    /// <summary>
    /// Sum of the gradient's squares. By rows: one float32 sum over all elements is off by half a percent at 60M of them.
    /// </summary>
    public double GradientSquares()
    {
        using var scope = NewDisposeScope();
        var norms = _gradients.view(-1, FlatParameters.Block).norm(1).to(ScalarType.Float64);
        return norms.mul(norms).sum().item<double>();
    }

    /// <summary>One step along the gradient, which is overwritten.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="scale">What the gradient is multiplied by first.</param>
    public void Step(long step, double learningRate, double scale)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (beta1, beta2, decay) = (_training.Betas[0], _training.Betas[1], _training.WeightDecay);
        // Held here because TorchSharp does not keep a number alive while libtorch reads it.
        using Scalar clip = scale, keep1 = beta1, add1 = 1 - beta1, keep2 = beta2, add2 = 1 - beta2,
            correction2 = Math.Sqrt(1 - Math.Pow(beta2, step)), epsilon = Epsilon,
            shrink = 1 - learningRate * decay, rate = -learningRate / (1 - Math.Pow(beta1, step));
        if (scale != 1)
            _gradients.mul_(clip);
        Moment1.mul_(keep1).add_(_gradients, add1);
        Moment2.mul_(keep2).addcmul_(_gradients, _gradients, add2);
        var denominator = _gradients.copy_(Moment2).sqrt_().div_(correction2).add_(epsilon, Scalars.One);
        if (decay != 0)
            Master.mul_(shrink);
        Master.addcdiv_(Moment1, denominator, rate);
        Publish();
    }

    /// <summary>Rounds the master weights into the model.</summary>
    public void Publish()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        if (_weights.dtype != ScalarType.Float32)
            _weights.copy_(Master);
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[_weights, _gradients, Master, Moment1, Moment2])
            tensor.Dispose();
    }
}
