using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Brings values of the host to a device without waiting for it. That takes pinned memory, which libtorch's allocator keeps until the copy is made and then gives out again;
/// a copy from ordinary memory waits for all work before it.
/// </summary>
internal static class DeviceCopy
{
    public static Tensor ToDevice(this long[] values, Device device) => Send(tensor(values), device);

    public static Tensor ToDevice(this double[] values, Device device) => Send(tensor(values), device);

    public static Tensor ToDevice(this int[] indices, Device device) => Array.ConvertAll(indices, index => (long)index).ToDevice(device);

    /// <summary>Overwrites a tensor of int64 on a device.</summary>
    public static void Onto(this int[] values, Tensor target)
    {
        using var ordinary = tensor(Array.ConvertAll(values, value => (long)value));
        using var source = target.device_type == DeviceType.CUDA ? ordinary.pin_memory() : ordinary.alias();
        target.copy_(source, nonBlocking: true);
    }

    private static Tensor Send(Tensor values, Device device)
    {
        if (device.type != DeviceType.CUDA)
            return device.type == DeviceType.CPU ? values : values.to(device);
        using (values)
        using (var pinned = values.pin_memory())
            return pinned.to(device, non_blocking: true);
    }
}
