using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>A low-rank adapter over one projection: adds scaling · B·A·dropout(x). Its matrices stay float32 whatever the model's type, as in PEFT.</summary>
internal sealed class LoraLinear
{
    private readonly Projection _target;
    private readonly double _scaling, _dropout;

    public LoraLinear(Projection target, LoraOptions options, Generator generator)
    {
        (_target, _scaling, _dropout) = (target, options.Scaling, options.Dropout);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var device = target.Weight.device;
        var bound = 1 / Math.Sqrt(target.InFeatures); // kaiming_uniform with a = √5
        A = Owned.Parameter(empty([options.Rank, target.InFeatures], dtype: ScalarType.Float32).uniform_(-bound, bound, generator).to(device));
        B = Owned.Parameter(zeros([target.OutFeatures, options.Rank], dtype: ScalarType.Float32, device: device));
    }

    /// <summary>The adapted projection's name.</summary>
    public string Name => _target.Name;

    /// <summary>[rank, in].</summary>
    public Parameter A { get; }

    /// <summary>[out, rank].</summary>
    public Parameter B { get; }

    /// <summary>False while the adapter is switched off or merged into the weight.</summary>
    public bool Active { get; set; } = true;

    public Tensor AddTo(Tensor output, Tensor x, bool training)
    {
        var wide = x.In(ScalarType.Float32);
        if (training && _dropout > 0)
            wide = nn.functional.dropout(wide, _dropout, true);
        var inner = wide.mm(A.t());
        return addmm(output.In(ScalarType.Float32), inner, B.t(), 1, (float)_scaling).In(output.dtype);
    }

    /// <summary>Adds (sign 1) or takes away (sign -1) scaling · B·A in the weight itself.</summary>
    public void Merge(int sign)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weight = _target.Weight;
        var delta = B.mm(A).mul_(sign * _scaling);
        weight.add_(delta.In(weight.dtype));
    }
}
