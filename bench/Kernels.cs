using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Bench;

/// <summary>Which of OpenBLAS's kernels both programs are told to use: what the worker would choose by itself.</summary>
internal static class Kernels
{
    public static string? CoreType { get; } = Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE") is { Length: > 0 } chosen ? chosen
        : Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported && Avx512CD.VL.IsSupported ? "SkylakeX"
        : Avx2.IsSupported && Fma.IsSupported ? "Haswell" : null;
}
