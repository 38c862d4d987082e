using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

/// <summary>What the CPU can do that .NET does not tell: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CPUID, leaf 7.</summary>
internal static class CpuFeatures
{
    private static readonly (int Ecx, int Edx) s_leaf7 = Leaf7();

    /// <summary>Products of bytes in vectors of 64 (AVX-512 VNNI).</summary>
    public static bool ByteProducts => Avx512BW.IsSupported && (s_leaf7.Ecx >> 11 & 1) != 0;

    /// <summary>Matrix units for bfloat16 (AMX-BF16).</summary>
    public static bool BFloat16Units => (s_leaf7.Edx >> 22 & 1) != 0;

    /// <summary>The registers of matrix units (AMX-TILE).</summary>
    public static bool Tiles => (s_leaf7.Edx >> 24 & 1) != 0;

    private static (int Ecx, int Edx) Leaf7()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return default;
        var (_, _, ecx, edx) = X86Base.CpuId(7, 0);
        return (ecx, edx);
    }
}
