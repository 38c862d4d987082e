using LightReasoner.Worker.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// The trained parameters of one replica, one behind the other in flat buffers. The parameters become views of <see cref="Weights"/>, and
/// their gradients views of a flat buffer into which autograd adds in place, so that clipping, the optimizer and the exchange between
/// devices are a few operators whatever the number of parameters.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Buffers are a multiple of so many elements long; what lies behind the last parameter stays 0.</summary>
    public const long Block = 4096;

    // gradients of the present backward pass in the weights' 16-bit type; null for float32, whose gradients add up by themselves
    private readonly Tensor? _partial;

    private readonly Dictionary<Parameter, long> _starts = new(ReferenceEqualityComparer.Instance);

    /// <param name="named">The weights by name; their parameters are all of one type and on one device.</param>
    /// <param name="parts">Number of parts of equal length that the buffers can be cut into.</param>
    public FlatParameters(IReadOnlyList<NamedSlice> named, int parts)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        long length = 0;
        foreach (var parameter in named.Select(weight => weight.Parameter))
            if (_starts.TryAdd(parameter, length))
                length += parameter.numel();
        Named = [.. named.Select(weight => Place(weight, _starts[weight.Parameter]))];
        PartLength = (length + parts * Block - 1) / (parts * Block) * Block;
        var (dtype, device) = (named[0].Parameter.dtype, named[0].Parameter.device);
        Weights = Buffer(dtype);
        Gradients = Buffer(ScalarType.Float32);
        _partial = dtype == ScalarType.Float32 ? null : Buffer(dtype);
        foreach (var (parameter, start) in _starts)
        {
            var view = View(Weights, parameter, start);
            view.copy_(parameter);
            parameter.set_(view);
            parameter.grad = View(_partial ?? Gradients, parameter, start);
        }

        Tensor Buffer(ScalarType type) => zeros([PartLength * parts], dtype: type, device: device).DetachFromDisposeScope();
    }

    /// <summary>Where the named weights lie in the buffers.</summary>
    public IReadOnlyList<FlatWeight> Named { get; }

    public long PartLength { get; }

    public Tensor Weights { get; }

    /// <summary>Sum of the gradients since <see cref="ZeroGradients"/>, float32.</summary>
    public Tensor Gradients { get; }

    public void ZeroGradients()
    {
        Gradients.zero_();
        _partial?.zero_();
    }

    /// <summary>Adds what a backward pass left at 16-bit parameters to the float32 sum. To be called after every backward pass.</summary>
    public void Flush() => Flush(0, Gradients.shape[0]);

    /// <summary>The same for one parameter, where a pass reached no other; one that is not trained is left alone.</summary>
    public void Flush(Parameter parameter)
    {
        if (_starts.TryGetValue(parameter, out var start))
            Flush(start, parameter.numel());
    }

    public void Dispose()
    {
        // The weights live on in the parameters' views.
        foreach (var parameter in _starts.Keys.Where(parameter => !parameter.IsInvalid)) // an adapter may be gone already
            parameter.grad = null;
        Weights.Dispose();
        Gradients.Dispose();
        _partial?.Dispose();
    }

    private void Flush(long start, long count)
    {
        if (_partial is null)
            return;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var part = _partial.narrow(0, start, count);
        Gradients.narrow(0, start, count).add_(part, Scalars.One);
        part.zero_();
    }

    private static FlatWeight Place(NamedSlice weight, long start)
    {
        var shape = weight.Of(weight.Parameter).shape;
        var row = shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        return new FlatWeight(weight.Name, shape, start + weight.Start * row, shape[0] * row);
    }

    private static Tensor View(Tensor buffer, Parameter parameter, long start) =>
        buffer.narrow(0, start, parameter.numel()).view(parameter.shape);
}

/// <summary>A named weight in flat buffers.</summary>
internal sealed record FlatWeight(string Name, long[] Shape, long Start, long Count);
