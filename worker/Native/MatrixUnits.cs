using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace LightReasoner.Worker.Native;

/// <summary>
/// The CPU's matrix units (Intel AMX): registers of 16 rows of 64 bytes, and products of bfloat16 tiles summed in float32, sixteen times the rate of float32 vectors. .NET has no
/// instructions for them, so the one loop that needs them is written as machine code when the program starts (<see cref="TileCode"/>).
/// </summary>
internal static unsafe partial class MatrixUnits
{
    /// <summary>Rows of a tile, and the bfloat16 values of one of its rows.</summary>
    public const int TileRows = 16, TileDepth = 32;

    /// <summary>Turns the units off when it says "off": for measurements against the vector kernels.</summary>
    public const string Switch = "LIGHTREASONER_MATRIX_UNITS";

    // The configuration's layout is fixed: palette 1 at byte 0, bytes per row of each tile from byte 16 on, rows of each tile from byte 48 on.
    private const int ConfigurationBytes = 64, FirstWidth = 16, FirstHeight = 48, Tiles = 8;

    private static readonly byte* s_configuration;
    private static readonly delegate* unmanaged<byte*, ushort*, ushort*, float*, nint, nint, float*, nint, void> s_full, s_oneLeft, s_oneRight;

    static MatrixUnits()
    {
        if (!Usable() || MachineCode.Map(TileCode.Product(2, 2), TileCode.Product(1, 2), TileCode.Product(2, 1)) is not { } addresses)
            return;
        s_configuration = (byte*)NativeMemory.AlignedAlloc(ConfigurationBytes, MachineCode.CacheLine);
        new Span<byte>(s_configuration, ConfigurationBytes).Clear();
        s_configuration[0] = 1;
        for (var tile = 0; tile < Tiles; tile++)
        {
            s_configuration[FirstWidth + 2 * tile] = TileDepth * sizeof(ushort);
            s_configuration[FirstHeight + tile] = TileRows;
        }
        s_full = (delegate* unmanaged<byte*, ushort*, ushort*, float*, nint, nint, float*, nint, void>)addresses[0];
        s_oneLeft = (delegate* unmanaged<byte*, ushort*, ushort*, float*, nint, nint, float*, nint, void>)addresses[1];
        s_oneRight = (delegate* unmanaged<byte*, ushort*, ushort*, float*, nint, nint, float*, nint, void>)addresses[2];
        Zeros = (float*)NativeMemory.AlignedAlloc(SplitPanels.Rows * sizeof(float), MachineCode.CacheLine);
        new Span<float>(Zeros, SplitPanels.Rows).Clear();
        Available = true;
    }

    /// <summary>Whether this process may use them.</summary>
    public static bool Available { get; }

    /// <summary>A row of 32 zeros: what sums begin with that nothing is added to, at a stride of 0.</summary>
    public static float* Zeros { get; }

    /// <summary>Adds the product of two panels (<see cref="SplitPanels"/>), up to 32 by 32 sums.</summary>
    /// <param name="left">The panel whose rows are the sums' rows.</param>
    /// <param name="right">The panel whose rows are the sums' columns, turned.</param>
    /// <param name="steps">Steps of 32 values that both panels have.</param>
    /// <param name="leftTiles">Tiles of the left panel that count, 1 or 2: sums of 16 or 32 rows.</param>
    /// <param name="rightTiles">The same of the right panel and columns; not both can be 1.</param>
    /// <param name="from">What the sums begin with.</param>
    /// <param name="fromStride">Elements from row to row of it; 0 begins all rows with the same.</param>
    /// <param name="to">Where the sums go; may be the same as from.</param>
    /// <param name="toStride">Elements from row to row of them.</param>
    public static void Multiply(ushort* left, ushort* right, nint steps, int leftTiles, int rightTiles, float* from, nint fromStride, float* to, nint toStride) =>
        (leftTiles == 1 ? s_oneLeft : rightTiles == 1 ? s_oneRight : s_full)(s_configuration, left, right, to, steps, toStride * sizeof(float), from, fromStride * sizeof(float));

    private static bool Usable()
    {
        const int TileData = 18; // the state component of the tiles
        const nint ArchitectureControl = 158, RequestPermission = 0x1023;
        return MachineCode.Supported && !string.Equals(Environment.GetEnvironmentVariable(Switch), "off", StringComparison.OrdinalIgnoreCase)
            && Avx512BW.IsSupported && CpuFeatures.Tiles && CpuFeatures.BFloat16Units
            && syscall(ArchitectureControl, RequestPermission, TileData) == 0; // the kernel enlarges the state of threads that ask for it
    }

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint first, nint second);
}
