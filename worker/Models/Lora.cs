using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>What a LoRA adapter looks like, in PEFT's terms.</summary>
public sealed record LoraOptions
{
    /// <summary>Names by which projections of a decoder layer can be targeted.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Inner width of the adapter matrices.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The adapter's output is scaled by alpha / rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Probability with which an input element of A is dropped in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Last parts of the names of the projections that are adapted, in every layer.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "v_proj"];

    /// <summary>alpha / rank.</summary>
    public double Scaling => Alpha / Rank;
}

/// <summary>The LoRA adapter that lies over a <see cref="CausalLM"/>.</summary>
public sealed class LoraAdapter
{
    private readonly IReadOnlyList<LoraLinear> _layers;
    private bool _enabled = true;

    internal LoraAdapter(LoraOptions options, IReadOnlyList<LoraLinear> layers) => (Options, _layers) = (options, layers);

    /// <summary>The adapter's shape.</summary>
    public LoraOptions Options { get; }

    /// <summary>Whether the adapter takes part in forward passes. Switched off, the model answers as its base does.</summary>
    public bool Enabled
    {
        get => _enabled;
        set
        {
            _enabled = value;
            Refresh();
        }
    }

    /// <summary>Whether the adapter is added into the base weights at the moment.</summary>
    public bool Merged { get; private set; }

    /// <summary>The trained matrices, in layer order, under PEFT's names.</summary>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters() =>
    [
        .. _layers.SelectMany(layer => new (string, Parameter)[]
        {
            ($"base_model.model.{layer.Name}.lora_A.weight", layer.A),
            ($"base_model.model.{layer.Name}.lora_B.weight", layer.B),
        })
    ];

    internal void SetMerged(bool merged)
    {
        if (merged == Merged)
            return;
        foreach (var layer in _layers)
            layer.Merge(merged ? 1 : -1);
        Merged = merged;
        Refresh();
    }

    private void Refresh()
    {
        foreach (var layer in _layers)
            layer.Active = _enabled && !Merged;
    }
}

/// <summary>
/// A low-rank adapter over one projection: adds scaling · B·A·dropout(x). Its matrices stay float32 whatever the model's type, as in PEFT.
/// </summary>
internal sealed class LoraLinear
{
    private readonly NamedSlice _target;
    private readonly double _scaling, _dropout;

    public LoraLinear(NamedSlice target, LoraOptions options, Generator generator)
    {
        (_target, _scaling, _dropout) = (target, options.Scaling, options.Dropout);
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

    /// <summary>False while the adapter is switched off or merged into the weight.</summary>
    public bool Active { get; set; } = true;

    /// <param name="output">The projection's output, [tokens, out].</param>
    /// <param name="x">Its input, [tokens, in].</param>
    /// <param name="dropout">Where dropout draws from; null for none.</param>
    public Tensor AddTo(Tensor output, Tensor x, Generator? dropout)
    {
        var wide = x.to(ScalarType.Float32);
        if (dropout is not null && _dropout > 0)
            wide = wide * empty_like(wide).bernoulli_(1 - _dropout, dropout).div_(Scalars.Of(1 - _dropout));
        return addmm(output.to(ScalarType.Float32), wide.mm(A.t()), B.t(), 1, (float)_scaling).to(output.dtype);
    }

    /// <summary>Adds (sign 1) or takes away (sign -1) scaling · B·A in the weight itself.</summary>
    public void Merge(int sign)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weight = _target.Of(_target.Parameter);
        weight.add_(B.mm(A).mul_(Scalars.Of(sign * _scaling)).to(weight.dtype));
    }
}
