using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>The LoRA adapter that lies over a <see cref="CausalLM"/>.</summary>
public sealed class LoraAdapter
{
    /// <summary>Names by which projections of a decoder layer can be targeted.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    internal LoraAdapter(LoraSpec options, IReadOnlyList<LoraLinear> layers) => (Options, NamedParameters) = (options,
    [
        .. layers.SelectMany(layer => new (string, Parameter)[]
        {
            ($"base_model.model.{layer.Name}.lora_A.weight", layer.A),
            ($"base_model.model.{layer.Name}.lora_B.weight", layer.B),
        })
    ]);

    /// <summary>The adapter's shape.</summary>
    public LoraSpec Options { get; }

    /// <summary>The trained matrices, in layer order, under PEFT's names.</summary>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters { get; }

    /// <summary>The same as what a trainer moves into flat buffers.</summary>
    internal IReadOnlyList<NamedSlice> Slices => [.. NamedParameters.Select(parameter => new NamedSlice(parameter.Name, parameter.Value))];
}

/// <summary>
/// A low-rank adapter over one projection: adds scaling · B·A·dropout(x). Its matrices stay float32 whatever the model's type, as in PEFT.
/// </summary>
internal sealed class LoraLinear
{
    private readonly NamedSlice _target;
    private readonly double _scaling, _dropout;

    public LoraLinear(NamedSlice target, LoraSpec options, Generator generator)
    {
        (_target, _scaling, _dropout) = (target, options.Alpha / options.Rank, options.Dropout);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (device, inFeatures) = (target.Parameter.device, target.Parameter.size(1));
        var bound = 1 / Math.Sqrt(inFeatures); // kaiming_uniform with a = √5
        A = NamedSlice.Own(empty([options.Rank, inFeatures], dtype: ScalarType.Float32).uniform_(-bound, bound, generator).to(device));
        B = NamedSlice.Own(zeros([target.Count, options.Rank], dtype: ScalarType.Float32, device: device));
    }

    /// <summary>The adapted projection's name.</summary>
    public string Name => _target.Name;

    /// <summary>[rank, in].</summary>
    public Parameter A { get; }

    /// <summary>[out, rank].</summary>
    public Parameter B { get; }

    /// <param name="output">The projection's output, [tokens, out].</param>
    /// <param name="x">Its input, [tokens, in].</param>
    /// <param name="dropout">Where dropout draws from; null for none.</param>
    public Tensor AddTo(Tensor output, Tensor x, Generator? dropout)
    {
        var wide = x.to(ScalarType.Float32);
        if (dropout is not null && _dropout > 0)
            wide = wide.mul(empty_like(wide).bernoulli_(1 - _dropout, dropout).div_(Scalars.Of(1 - _dropout)));
        return addmm(output.to(ScalarType.Float32), wide.mm(A.t()), B.t(), 1, (float)_scaling).to(output.dtype);
    }

    /// <summary>Adds scaling · B·A to the weight itself.</summary>
    public void Merge()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weight = _target.Of(_target.Parameter);
        weight.add_(B.mm(A).mul_(Scalars.Of(_scaling)).to(weight.dtype), Scalars.One);
    }
}
