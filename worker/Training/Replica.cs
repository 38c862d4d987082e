using LightReasoner.Worker.Models;
using TorchSharp;

namespace LightReasoner.Worker.Training;

/// <summary>The model on one device, with its gradients.</summary>
/// <param name="Model">The model.</param>
/// <param name="Parameters">What of it is trained.</param>
internal sealed record Replica(CausalLM Model, FlatParameters Parameters)
{
    /// <summary>Where it lies.</summary>
    public torch.Device Device => Model.Device;
}
