using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

internal static class Owned
{
    /// <summary>A parameter that lives as long as its model, whatever dispose scope is open while it is made.</summary>
    public static Parameter Parameter(Tensor value)
    {
        var parameter = new Parameter(value);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
