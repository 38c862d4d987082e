namespace LightReasoner.Worker.Native;

/// <summary>
/// Writes the machine code of a product of tiles: x86-64, called as C's functions are on Linux. Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
/// instructions LDTILECFG, TILELOADD, TDPBF16PS, TILESTORED and TILERELEASE.
/// </summary>
internal sealed class TileCode : CodeWriter
{
    // Arguments: the configuration (rdi), the left and the right panel (rsi, rdx), where the sums go (rcx) and how far apart their rows are (r9), the number of steps (r8); on the stack what the
    // sums begin with (r10) and how far apart its rows are. rax holds the bytes from row to row of what is read or written.
    private const int Left = 6, Right = 2, To = 1, LowerTo = 9, From = 10, LowerFrom = 11;

    // Tiles 0..3 hold sums, 4 and 5 lie left, 6 and 7 right.
    private const int FirstLeft = 4, FirstRight = 6;

    private const int RowBytes = SplitPanels.TileBytes / MatrixUnits.TileRows;

    private const byte Plain = 0x78, F3 = 0x7A, F2 = 0x7B; // the VEX prefix's last byte, no third operand

    /// <summary>
    /// The product of two panels of one or two tiles, whose values are sums of three bfloat16 parts: large (0), middle (1) and small (2). Of the nine products of parts those six are made
    /// that a float32 sum can show, in an order in which each shares the tiles of one side with the one before it.
    /// </summary>
    public static byte[] Product(int leftTiles, int rightTiles)
    {
        ReadOnlySpan<(int Left, int Right)> order = [(2, 0), (0, 0), (0, 2), (0, 1), (1, 1), (1, 0)];
        var code = new TileCode();
        code.Bytes(0xC4, 0xE2, Plain, 0x49, 0x07); // ldtilecfg [rdi]
        code.Bytes(0x4C, 0x8B, 0x54, 0x24, 0x08); // mov r10, [rsp + 8]
        code.Bytes(0x48, 0x8B, 0x44, 0x24, 0x10); // mov rax, [rsp + 16]
        code.Bytes(0x49, 0x89, 0xC3, 0x49, 0xC1, 0xE3, 0x04, 0x4D, 0x01, 0xD3); // mov r11, rax; shl r11, 4; add r11, r10: sixteen rows down
        for (var i = 0; i < leftTiles; i++)
            for (var j = 0; j < rightTiles; j++)
                code.Load(2 * i + j, i == 0 ? From : LowerFrom, j * RowBytes);
        code.Bytes(0xB8, RowBytes, 0, 0, 0); // mov eax, bytes of a panel's row
        var loop = code.Position;
        var (left, right) = (-1, -1);
        foreach (var part in order)
        {
            for (var i = 0; i < leftTiles && part.Left != left; i++)
                code.Load(FirstLeft + i, Left, SplitPanels.TileOffset(part.Left, i));
            for (var i = 0; i < rightTiles && part.Right != right; i++)
                code.Load(FirstRight + i, Right, SplitPanels.TileOffset(part.Right, i));
            (left, right) = part;
            for (var i = 0; i < leftTiles; i++)
                for (var j = 0; j < rightTiles; j++)
                    code.Bytes(0xC4, 0xE2, (~(FirstRight + j) & 0xF) << 3 | 2, 0x5C, 0xC0 | (2 * i + j) << 3 | (FirstLeft + i)); // tdpbf16ps
        }
        code.Bytes(0x48, 0x81, 0xC0 | Left).Number(SplitPanels.StepBytes); // add rsi, bytes of a step
        code.Bytes(0x48, 0x81, 0xC0 | Right).Number(SplitPanels.StepBytes); // add rdx, the same
        code.Bytes(0x49, 0xFF, 0xC8); // dec r8
        code.Bytes(0x0F, 0x85);
        code.BackTo(loop); // jnz loop
        code.Bytes(0x4C, 0x89, 0xC8, 0x49, 0xC1, 0xE1, 0x04, 0x49, 0x01, 0xC9); // mov rax, r9; shl r9, 4; add r9, rcx: sixteen rows down
        for (var i = 0; i < leftTiles; i++)
            for (var j = 0; j < rightTiles; j++)
                code.Memory(F3, 0x4B, 2 * i + j, i == 0 ? To : LowerTo, j * RowBytes); // tilestored
        code.Bytes(0xC4, 0xE2, Plain, 0x49, 0xC0, 0xC3); // tilerelease; ret
        return code.Written;
    }

    private void Load(int tile, int register, int offset) => Memory(F2, 0x4B, tile, register, offset); // tileloadd

    /// <summary>An instruction with a tile and the memory at register + rax·row + offset.</summary>
    private void Memory(byte prefix, byte operation, int tile, int register, int offset) =>
        Bytes(0xC4, register < 8 ? 0xE2 : 0xC2, prefix, operation, 0x84 | tile << 3, register & 7).Number(offset);
}
