using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Linear layers that read the same input, as one matrix [out of all, in] and perhaps one bias: one product where the published model has
/// two or three. Adapters lie over the parts.
/// </summary>
internal sealed class Projection
{
    private readonly (string Name, int OutFeatures, bool Bias)[] _parts;
    private readonly LoraLinear?[] _adapters;
    private readonly long[] _sizes;
    private Tensor? _packed;

    public Projection(ScalarType dtype, Device device, int inFeatures, params (string Name, int OutFeatures, bool Bias)[] parts)
    {
        (_parts, _adapters, _sizes) = (parts, new LoraLinear?[parts.Length], [.. parts.Select(part => (long)part.OutFeatures)]);
        Weight = NamedSlice.Own(empty([_sizes.Sum(), inFeatures], dtype: dtype, device: device));
        Bias = parts[0].Bias ? NamedSlice.Own(zeros([_sizes.Sum()], dtype: dtype, device: device)) : null;
    }

    /// <summary>A single part whose weight belongs to somebody else: an output head that is tied to the embedding.</summary>
    public Projection(string name, Parameter weight)
    {
        (_parts, _adapters, _sizes) = ([(name, (int)weight.size(0), false)], new LoraLinear?[1], [weight.size(0)]);
        Weight = weight;
    }

    public Parameter Weight { get; }

    /// <summary>Either all parts have a bias or none has.</summary>
    public Parameter? Bias { get; }

    public IEnumerable<NamedSlice> Slices()
    {
        long start = 0;
        foreach (var (name, count, _) in _parts)
        {
            yield return new NamedSlice($"{name}.weight", Weight, start, count);
            if (Bias is not null)
                yield return new NamedSlice($"{name}.bias", Bias, start, count);
            start += count;
        }
    }

    /// <summary>[tokens, in] → the outputs of all parts side by side, [tokens, out of all].</summary>
    public Tensor Forward(Tensor x, Generator? dropout = null)
    {
        var output = _packed is null ? nn.functional.linear(x, Weight, Bias) : PackedWeights.Linear(x, _packed, Bias);
        if (_adapters.All(lora => lora is null))
            return output;
        var outputs = output.split(_sizes, -1);
        for (var i = 0; i < outputs.Length; i++)
            if (_adapters[i] is { } lora)
                outputs[i] = lora.AddTo(outputs[i], x, dropout);
        return outputs.Length == 1 ? outputs[0] : cat(outputs, -1);
    }

    /// <summary>residual + the output.</summary>
    public Tensor ForwardOnto(Tensor residual, Tensor x, Generator? dropout = null) =>
        Bias is not null || _adapters.Any(lora => lora is not null) ? residual.add(Forward(x, dropout), Scalars.One)
            : _packed is null ? addmm(residual, x, Weight.t(), 1, 1) : PackedWeights.LinearOnto(residual, x, _packed);

    /// <summary>From here to <see cref="Unpack"/> products are with a packed copy of the weight, as it is now.</summary>
    public void Pack() => _packed = PackedWeights.Pack(Weight);

    public void Unpack()
    {
        _packed?.Dispose();
        _packed = null;
    }

    /// <summary>Adapters over the parts that the options name.</summary>
    public IEnumerable<LoraLinear> AddLora(LoraSpec options, Generator generator)
    {
        long start = 0;
        for (var i = 0; i < _parts.Length; start += _parts[i++].OutFeatures)
            if (options.TargetModules.Contains(_parts[i].Name[(_parts[i].Name.LastIndexOf('.') + 1)..]))
                yield return _adapters[i] = new LoraLinear(new NamedSlice(_parts[i].Name, Weight, start, _parts[i].OutFeatures), options,
                    generator);
    }

    public void MergeLora()
    {
        foreach (var lora in _adapters)
            lora?.Merge();
    }

    public void RemoveLora()
    {
        foreach (var lora in _adapters)
        {
            lora?.A.Dispose();
            lora?.B.Dispose();
        }
        Array.Clear(_adapters);
    }
}
