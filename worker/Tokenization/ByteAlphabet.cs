namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// GPT-2's spelling of bytes as printable characters: 0x20 is written 'Ġ' (U+0120), printable Latin-1 stands for itself.
/// Vocabularies and merges are written in it.
/// </summary>
internal static class ByteAlphabet
{
    private const int Size = 0x144; // the last of the 68 unprintable bytes is written U+0143

    private static readonly short[] ByteOfChar = Build();

    /// <summary>The byte that a character stands for, or -1.</summary>
    internal static int ToByte(int codePoint) => (uint)codePoint < Size ? ByteOfChar[codePoint] : -1;

    /// <summary>Translates a token spelled in the alphabet to its bytes; false when some character is not of the alphabet.</summary>
    internal static bool TryToBytes(ReadOnlySpan<char> token, Span<byte> bytes)
    {
        for (var i = 0; i < token.Length; i++)
        {
            var b = ToByte(token[i]);
            if (b < 0)
                return false;
            bytes[i] = (byte)b;
        }
        return true;
    }

    /// <summary>The same for a token given as UTF-8, in place; returns the number of bytes, or -1.</summary>
    internal static int TryToBytesInPlace(Span<byte> utf8)
    {
        var n = 0;
        for (var i = 0; i < utf8.Length; n++)
        {
            int c = utf8[i++];
            if (c >= 0x80)
            {
                // Every character of the alphabet takes one or two UTF-8 bytes.
                if ((c & 0xE0) != 0xC0 || i == utf8.Length)
                    return -1;
                c = (c & 0x1F) << 6 | utf8[i++] & 0x3F;
            }
            var b = ToByte(c);
            if (b < 0)
                return -1;
            utf8[n] = (byte)b;
        }
        return n;
    }

    private static short[] Build()
    {
        var table = new short[Size];
        Array.Fill(table, (short)-1);
        var next = 0x100;
        for (var b = 0; b < 256; b++)
        {
            var printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            table[printable ? b : next++] = (short)b;
        }
        return table;
    }
}
