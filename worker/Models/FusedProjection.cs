using LightReasoner.Worker.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Linear layers that read the same input. Their weights are the row blocks of one matrix, so that frozen layers take one matrix
/// product together; the named parameters are views of those rows, each with its own gradient.
/// </summary>
internal sealed class FusedProjection : IDisposable
{
    private readonly Tensor _weight, _transposed;
    private readonly Tensor? _bias;
    private readonly ScalarType _compute;
    private readonly long[] _sizes;
    private readonly Projection[] _parts;

    public FusedProjection(ScalarType dtype, Device device, int inFeatures, params ReadOnlySpan<(string Name, int OutFeatures, bool Bias)> parts)
    {
        _compute = ComputeType.For(dtype, device);
        _sizes = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            _sizes[i] = parts[i].OutFeatures;
        using var _ = no_grad();
        _weight = empty([_sizes.Sum(), inFeatures], dtype: dtype, device: device).DetachFromDisposeScope();
        // Either all parts of a group have a bias or none has.
        _transposed = _weight.t().DetachFromDisposeScope();
        _bias = parts[0].Bias ? zeros([_sizes.Sum()], dtype: dtype, device: device).DetachFromDisposeScope() : null;

        _parts = new Projection[parts.Length];
        long row = 0;
        for (var i = 0; i < parts.Length; row += parts[i++].OutFeatures)
            _parts[i] = new Projection(parts[i].Name, Rows(_weight, row, parts[i].OutFeatures), _bias is null ? null : Rows(_bias, row, parts[i].OutFeatures));

        static Parameter Rows(Tensor storage, long start, long count)
        {
            using var view = storage.narrow(0, start, count);
            return Owned.Parameter(view.detach());
        }
    }

    public IReadOnlyList<Projection> Parts => _parts;

    /// <summary>Whether an adapter lies over a part.</summary>
    public bool Adapted
    {
        get
        {
            foreach (var part in _parts)
                if (part.Lora is { Active: true })
                    return true;
            return false;
        }
    }

    /// <summary>The outputs of all parts for <paramref name="x"/> [tokens, in], each [tokens, out].</summary>
    public Tensor[] Forward(Tensor x, bool training)
    {
        var outputs = Trains() ? [.. _parts.Select(part => Apply(x, part.Weight, part.Bias))] : Split(Apply(x, _weight, _bias));
        for (var i = 0; i < outputs.Length; i++)
            if (_parts[i].Lora is { Active: true } lora)
                outputs[i] = lora.AddTo(outputs[i], x, training);
        return outputs;
    }

    /// <summary>The outputs of all parts side by side, [tokens, out of all]. No adapter may lie over them, and no gradients flow.</summary>
    public Tensor ForwardTogether(Tensor x) => Apply(x, _weight, _bias);

    /// <summary>silu(first part)·second part of a group of two, [tokens, out of one], or null where there is no kernel for it. No adapter may lie over them, and no gradients flow.</summary>
    public Tensor? TryForwardGated(Tensor x) => _bias is null ? Matmul.TryGatedLinear(x, _weight) : null;

    /// <summary>residual + the output of a group of one.</summary>
    public Tensor ForwardOnto(Tensor residual, Tensor x, bool training)
    {
        var part = _parts[0];
        if (part.Bias is not null || part.Lora is { Active: true })
            return residual.add(Forward(x, training)[0]);
        return LinearGradients.TryApply(x, part.Weight, onto: residual) ?? addmm(residual, x, (Trains() ? part.Weight.t() : _transposed).In(_compute), 1, 1);
    }

    public void Dispose()
    {
        _transposed.Dispose();
        _weight.Dispose();
        _bias?.Dispose();
        foreach (var part in _parts)
        {
            part.Weight.Dispose();
            part.Bias?.Dispose();
        }
    }

    private bool Trains() => is_grad_enabled() && _parts[0].Weight.requires_grad;

    private Tensor[] Split(Tensor fused) => _sizes.Length == 1 ? [fused] : fused.split(_sizes, -1);

    private Tensor Apply(Tensor x, Tensor weight, Tensor? bias) =>
        LinearGradients.TryApply(x, weight, bias) ?? nn.functional.linear(x, weight.In(_compute), bias?.In(_compute));
}
