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
        if (kernels is not null && OperatingSystem.IsLinux() && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
        {
            // Environment.SetEnvironmentVariable does not reach native code on Unix.
            setenv(Variable, kernels, overwrite: 0);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
