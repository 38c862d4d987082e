using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Training;

/// <summary>What the C library keeps of memory that is freed.</summary>
internal static partial class HostMemory
{
    private const int MmapThreshold = -3, Mapped = 1 << 20; // M_MMAP_THRESHOLD of malloc.h

    /// <summary>
    /// From now on blocks of a megabyte and more go back to the system as soon as they are freed, and so does what was freed before: the weights' old place, once they have moved into a flat
    /// buffer. What is kept for the next step would be a sixth of a step's peak, and nothing that a prediction could count on.
    /// </summary>
    public static void ReturnFreedBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return;
        _ = SetOption(MmapThreshold, Mapped);
        _ = Trim(0);
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint keep);
}
