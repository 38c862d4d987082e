using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>x / sqrt(mean(x²) + eps) · weight over the last dimension, the quotient in float32.</summary>
internal sealed class RmsNorm
{
    private readonly double _eps;

    public RmsNorm(string name, int size, double eps, ScalarType dtype, Device device)
    {
        Name = name;
        _eps = eps;
        Weight = Owned.Parameter(ones([size], dtype: dtype, device: device));
    }

    public string Name { get; }

    public Parameter Weight { get; }

    public Tensor Forward(Tensor x)
    {
        var type = x.dtype;
        var wide = x.In(ScalarType.Float32);
        var inverse = wide.square().mean([-1], keepdim: true).add_(_eps).rsqrt_();
        return wide.mul(inverse).In(type).mul(Weight.In(type));
    }
}
