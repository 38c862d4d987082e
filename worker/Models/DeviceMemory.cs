using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>The memory of the device that a model lies on.</summary>
internal static partial class DeviceMemory
{
    /// <summary>Bytes in all: of the GPU, or what this process may use of the machine's.</summary>
    public static long Total(Device device) => device.type == DeviceType.CUDA ? OfGpu().Total
        : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes in use now: of the GPU by anybody, or of the machine's by this process.</summary>
    public static long Used(Device device) => device.type == DeviceType.CUDA ? OfGpu().Total - OfGpu().Free
        : Environment.WorkingSet;

    /// <summary>
    /// Most bytes that were used at once: by this process on the CPU (the working set), by all tensors on a GPU; null where the system does
    /// not tell.
    /// </summary>
    public static long? Peak(Device device)
    {
        // Of a GPU, what libtorch holds from the driver never shrinks by itself: what is used at the end is the peak.
        if (device.type == DeviceType.CUDA) return Used(device);
        return System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 is var peak and > 0 ? peak : null;
    }

    private static (long Free, long Total) OfGpu() => MemoryInfo(out var free, out var total) == 0
        ? ((long)free, (long)total)
        : throw new InvalidOperationException("the NVIDIA driver does not tell how much memory the GPU has");

    // libtorch binds no function for it; the driver's library is there wherever a GPU is.
    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemoryInfo(out nuint free, out nuint total);
}
