using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace TorchSharp.Interop;

/// <summary>
/// Tells OpenBLAS which kernels this CPU can run. A distribution's OpenBLAS is often older than the CPU under it, does not know the model and
/// falls back to SSE3 kernels, which are four to five times slower. Must run before libtorch is loaded, and leaves a choice of the user's alone.
/// </summary>
internal static partial class BlasKernels
{
    private const string Variable = "OPENBLAS_CORETYPE";

    public static void Choose()
    {
        string? kernels =
            Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported && Avx512CD.VL.IsSupported ? "SkylakeX" :
            Avx2.IsSupported && Fma.IsSupported ? "Haswell" : null;
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        if (kernels is not null)
        {
            Set(Variable, kernels);
        }

        // OpenMP's and OpenBLAS's threads spin for milliseconds after their work, on the cores that a program's own threads are about to use.
        Set("OMP_WAIT_POLICY", "passive");
        Set("OPENBLAS_THREAD_TIMEOUT", "4");
    }

    /// <summary>Environment.SetEnvironmentVariable does not reach native code on Unix.</summary>
    private static void Set(string variable, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)))
        {
            setenv(variable, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
