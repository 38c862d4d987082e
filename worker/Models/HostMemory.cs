using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// What GNU's allocator does with memory that is freed. Any <c>MALLOC_…</c> variable in the environment leaves it as it is.
/// </summary>
internal static partial class HostMemory
{
    private const int TrimThreshold = -1, MapThreshold = -3; // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h

    private static readonly bool s_ours = OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out var libc) && NativeLibrary.TryGetExport(libc, "mallopt", out _)
        && !Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(name => name.StartsWith("MALLOC_", StringComparison.Ordinal));

    /// <summary>
    /// At the start: freed blocks below 256 MiB are kept. Tensors of many megabytes come and go all the time; by default each is a mapping
    /// of its own, whose pages the kernel clears anew, which made the selection of steps five times slower.
    /// </summary>
    [ModuleInitializer]
    internal static void KeepFreedBlocks()
    {
        if (!s_ours)
            return;
        _ = SetOption(MapThreshold, 256 << 20);
        _ = SetOption(TrimThreshold, int.MaxValue);
    }

    /// <summary>
    /// For training on a CPU: freed blocks of a megabyte and more go back to the system, and so does what was freed before (the weights'
    /// old place, once they have moved into a flat buffer; what an evaluation took). Kept, they would be a sixth of a step's peak that no
    /// prediction could count on.
    /// </summary>
    public static void ReturnFreedBlocks(Device device)
    {
        if (!s_ours || device.type != DeviceType.CPU)
            return;
        _ = SetOption(MapThreshold, 1 << 20);
        _ = Trim(0);
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);
}
