using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// What the optimizer updates: the parameters themselves where they are float32, else float32 copies of them, since a small step would be lost in
/// the rounding of 16 bits.
/// </summary>
internal sealed class MasterWeights : IDisposable
{
    private readonly List<(Parameter Model, Parameter Master)> _copies = [];

    public MasterWeights(IReadOnlyList<(string Name, Parameter Value)> parameters)
    {
        Parameters = [.. parameters.Select(p => (p.Name, Own(p.Value)))];
    }

    /// <summary>The float32 parameters, under the model's names.</summary>
    public IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

    /// <summary>Hands the gradients that backward left at the model's parameters to the float32 ones.</summary>
    public void TakeGradients()
    {
        foreach (var (model, master) in _copies)
        {
            using var gradient = model.grad;
            master.grad = gradient?.to(ScalarType.Float32);
            model.grad = null;
        }
    }

    /// <summary>Rounds the updated weights into the model.</summary>
    public void Publish()
    {
        using var _ = no_grad();
        foreach (var (model, master) in _copies)
            model.copy_(master);
    }

    public void Dispose()
    {
        foreach (var (_, master) in _copies)
            master.Dispose();
    }

    private Parameter Own(Parameter parameter)
    {
        if (parameter.dtype == ScalarType.Float32)
            return parameter;
        using var _ = no_grad();
        var master = new Parameter(parameter.to(ScalarType.Float32));
        master.DetachFromDisposeScope();
        _copies.Add((parameter, master));
        return master;
    }
}
