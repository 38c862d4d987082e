using LightReasoner.Worker.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension, the quotient in float32.</summary>
internal sealed class RmsNorm : IDisposable
{
    private readonly Tensor _eps;
    private readonly float _epsilon;
    private readonly double _share;

    public RmsNorm(string name, int size, double eps, ScalarType dtype, Device device)
    {
        Name = name;
        _epsilon = (float)eps;
        _eps = tensor(new[] { _epsilon }, device: device).DetachFromDisposeScope();
        _share = 1.0 / size;
        Weight = Owned.Parameter(ones([size], dtype: dtype, device: device));
    }

    public string Name { get; }

    public Parameter Weight { get; }

    public Tensor Forward(Tensor x)
    {
        if (RowGradients.TryNormalise(x, Weight, _epsilon) is { } normalised)
            return normalised;
        var type = x.dtype;
        var wide = x.In(ScalarType.Float32);
        var norm = linalg.vector_norm(wide, 2, [-1], keepdim: true); // one pass forward, and a cheaper backward than a mean of squares
        var inverse = _eps.addcmul(norm, norm, _share).rsqrt_();
        return wide.mul(inverse).In(type).mul(Weight.In(type));
    }

    public void Dispose()
    {
        Weight.Dispose();
        _eps.Dispose();
    }
}
