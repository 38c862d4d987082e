using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Tells GNU's allocator to keep what is freed. Tensors of many megabytes come and go all the time; by default each is a mapping of its own,
/// whose pages the kernel clears anew, which made the selection of steps five times slower.
/// </summary>
internal static partial class HeapPolicy
{
    private const int TrimThreshold = -1, MapThreshold = -3, Mapped = 256 << 20; // as in malloc.h; larger blocks are still mapped: they are rare

    [ModuleInitializer]
    internal static void KeepWhatIsFreed()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(name => name.StartsWith("MALLOC_", StringComparison.Ordinal)))
            return; // who sets MALLOC_… has made the choice
        try
        {
            mallopt(MapThreshold, Mapped);
            mallopt(TrimThreshold, int.MaxValue);
        }
        catch (EntryPointNotFoundException)
        {
            // another C library than GNU's
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
