using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>Brings values of tensors to the host.</summary>
internal static class HostValues
{
    /// <summary>All elements in row-major order, wherever the tensor lies.</summary>
    public static T[] ToHost<T>(this Tensor tensor) where T : unmanaged
    {
        using var host = tensor.cpu();
        using var values = host.data<T>();
        return values.ToArray();
    }
}
