using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>Brings values to a device without waiting for it, and back with one wait.</summary>
internal static class Transfer
{
    [ThreadStatic] private static long s_waits;

    /// <summary>How often this thread has waited for a device; on a CPU, how often it would have.</summary>
    public static long Waits => s_waits;

    public static Tensor ToDevice(this int[] values, Device device) => Array.ConvertAll(values, value => (long)value).ToDevice(device);

    public static Tensor ToDevice(this long[] values, Device device) => Send(tensor(values), device);

    public static Tensor ToDevice(this double[] values, Device device) => Send(tensor(values), device);

    public static Tensor ToDevice(this float[] values, Device device) => Send(tensor(values), device);

    /// <summary>Sequences as [rows, longest], padded on the right with 0.</summary>
    public static Tensor Padded(IReadOnlyList<int[]> rows, Device device)
    {
        var longest = rows.Max(row => row.Length);
        var flat = new long[rows.Count * longest];
        for (var row = 0; row < rows.Count; row++)
            for (var i = 0; i < rows[row].Length; i++)
                flat[row * longest + i] = rows[row][i];
        return flat.ToDevice(device).view(rows.Count, longest);
    }

    /// <summary>A tensor's values, in row-major order; waits for the device.</summary>
    public static T[] ToHost<T>(this Tensor values) where T : unmanaged
    {
        s_waits++;
        using var host = values.cpu();
        using var contiguous = host.contiguous();
        return contiguous.data<T>().ToArray();
    }

    // From pinned memory a copy does not wait for the work before it; libtorch's allocator keeps the memory until the copy is done.
    private static Tensor Send(Tensor values, Device device)
    {
        if (device.type == DeviceType.CPU)
            return values;
        using (values)
        using (var pinned = values.pin_memory())
            return pinned.to(device, non_blocking: true);
    }
}
