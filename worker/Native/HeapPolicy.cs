using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Tells the C library's allocator to keep what is freed. A forward or a training pass frees hundreds of megabytes that the next one asks for again; by default every
/// large block is a mapping of its own, whose pages the kernel clears anew each time, which takes a tenth and more of a training step.
/// </summary>
internal static partial class HeapPolicy
{
    // As in malloc.h. Blocks from this size on are still mapped, and so given back: they are rare.
    private const int TrimThreshold = -1, MapThreshold = -3, MostArenas = -8, Mapped = 256 << 20;

    [ModuleInitializer]
    internal static void KeepWhatIsFreed()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(name => name.StartsWith("MALLOC_", StringComparison.Ordinal)))
            return; // who sets MALLOC_… has made the choice
        try
        {
            mallopt(MapThreshold, Mapped);
            mallopt(TrimThreshold, int.MaxValue);
            mallopt(MostArenas, 1); // one heap for all threads, or each would keep its own
        }
        catch (EntryPointNotFoundException)
        {
            // another C library than GNU's; it does as it likes
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
