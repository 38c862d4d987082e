namespace LightReasoner.Worker.Native;

/// <summary>
/// Writes the machine code of a product of bytes, VPDPBUSD: four products of an unsigned and a signed byte for each 32-bit lane, added to it. Encodings: Intel 64 and IA-32 Architectures
/// Software Developer's Manual, volume 2, section 2.7 (EVEX) and the instructions VPDPBUSD, VPBROADCASTD, VPXORD and VMOVDQU32.
/// </summary>
internal sealed class ByteProductCode : CodeWriter
{
    // Arguments: the panel (rdi), the first row of W (rsi), bytes from row to row (rdx), the number of steps (rcx), where the sums go (r8). Rows 3, 6 and 9 get pointers of their own (r9, r10, r11),
    // from which the next two lie one and two strides away.
    private const int Panel = 7, Rows = 6, Stride = 2, Sums = 8, None = -1;

    // Registers 0..23 hold the sums, two for each row of W; 24 and 25 the panel's 32 values, 26 and 27 take turns with a row's bytes.
    private const int FirstPanel = 24, FirstRow = 26;

    private int _target; // the register that the ModRM byte to come names first

    /// <summary>The product of a panel of 32 rows and twelve rows of W: see <see cref="ByteProduct.Multiply"/>.</summary>
    public static byte[] Product()
    {
        var code = new ByteProductCode();
        for (var sum = 0; sum < 2 * ByteProduct.TileOutputs; sum++)
            code.Vector(Map.F, Prefix.P66, 0xEF, sum, sum).Register(sum); // vpxord
        code.Bytes(0x4C, 0x8D, 0x0C, 0x52, 0x49, 0x01, 0xF1); // lea r9, [rdx + 2·rdx]; add r9, rsi
        code.Bytes(0x4C, 0x8D, 0x14, 0x52, 0x4D, 0x01, 0xCA); // lea r10, [rdx + 2·rdx]; add r10, r9
        code.Bytes(0x4C, 0x8D, 0x1C, 0x52, 0x4D, 0x01, 0xD3); // lea r11, [rdx + 2·rdx]; add r11, r10
        var loop = code.Position;
        for (var quad = 0; quad < ByteProduct.StepBytes / 4; quad++)
        {
            for (var half = 0; half < 2; half++)
                code.Vector(Map.F, Prefix.PF3, 0x6F, FirstPanel + half, 0, Panel).Memory(Panel, None, 0, (2 * quad + half) * 64); // vmovdqu32
            for (var row = 0; row < ByteProduct.TileOutputs; row++)
            {
                var (pointer, scale) = (row < 3 ? Rows : 8 + row / 3, row % 3);
                var bytes = FirstRow + row % 2;
                code.Vector(Map.F38, Prefix.P66, 0x58, bytes, 0, pointer).Memory(pointer, scale == 0 ? None : Stride, scale - 1, 4 * quad); // vpbroadcastd
                for (var half = 0; half < 2; half++)
                    code.Vector(Map.F38, Prefix.P66, 0x50, 2 * row + half, FirstPanel + half, bytes).Register(bytes); // vpdpbusd
            }
        }
        code.Bytes(0x48, 0x81, 0xC7).Number(ByteProduct.StepBytes / 4 * 128); // add rdi, bytes of a panel's step
        code.Bytes(0x48, 0x83, 0xC6, ByteProduct.StepBytes); // add rsi, bytes of a row's step
        code.Bytes(0x49, 0x83, 0xC1, ByteProduct.StepBytes, 0x49, 0x83, 0xC2, ByteProduct.StepBytes, 0x49, 0x83, 0xC3, ByteProduct.StepBytes); // the same to r9, r10 and r11
        code.Bytes(0x48, 0xFF, 0xC9, 0x0F, 0x85); // dec rcx; jnz
        code.BackTo(loop);
        for (var sum = 0; sum < 2 * ByteProduct.TileOutputs; sum++)
            code.Vector(Map.F, Prefix.PF3, 0x7F, sum, 0, Sums).Memory(Sums, None, 0, sum * 64); // vmovdqu32
        code.Bytes(0xC5, 0xF8, 0x77, 0xC3); // vzeroupper; ret
        return code.Written;
    }

    private enum Map
    {
        F = 1,
        F38 = 2,
    }

    private enum Prefix
    {
        P66 = 1,
        PF3 = 2,
    }

    /// <summary>An instruction on whole vectors up to its operation code.</summary>
    /// <param name="map">The map of operations.</param>
    /// <param name="prefix">The prefix that belongs to the operation.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="target">The register that the ModRM byte names first.</param>
    /// <param name="source">The register that only the prefix names; 0 where there is none.</param>
    /// <param name="last">The register or the base of the address that the ModRM byte names last; by default the target.</param>
    private ByteProductCode Vector(Map map, Prefix prefix, int operation, int target, int source, int last = None)
    {
        if (last == None)
            last = target;
        _target = target & 7;
        Bytes(0x62,
            (~target >> 3 & 1) << 7 | (~last >> 4 & 1) << 6 | (~last >> 3 & 1) << 5 | (~target >> 4 & 1) << 4 | (int)map, // an index register is below 8, and so is a base's fifth bit 0
            (~source & 0xF) << 3 | 4 | (int)prefix,
            2 << 5 | (~source >> 4 & 1) << 3, // 512 bits
            operation);
        return this;
    }

    private void Register(int register) => Bytes(0xC0 | _target << 3 | register & 7);

    /// <summary>[base + index·2^scale + offset]</summary>
    private void Memory(int register, int index, int scale, int offset)
    {
        if (index == None)
            Bytes(0x80 | _target << 3 | register & 7).Number(offset); // neither base is rsp or r12, which would need a second byte
        else
            Bytes(0x84 | _target << 3, scale << 6 | index << 3 | register & 7).Number(offset);
    }
}
