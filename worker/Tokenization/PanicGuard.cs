using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// Refuses settings with which Hugging Face's library (0.22) would panic: a panic in a native library ends the whole process.
/// No tokenizer in use has them.
/// </summary>
internal static class PanicGuard
{
    /// <summary>Looks at a normalizer, pre-tokenizer or decoder and all of its parts.</summary>
    internal static void Check(JsonNode? node, string where, bool isDecoder)
    {
        foreach (var part in node switch { JsonObject o => o.Select(p => p.Value), JsonArray a => a, _ => [] })
            Check(part, where, isDecoder);
        if (node is not JsonObject json)
            return;
        var type = json["type"]?.ToString();
        if (type == "FixedLength" && json["length"]?.ToString() == "0")
            throw new InvalidDataException($"{where}: FixedLength needs a length above 0");
        if (type == "Strip" && isDecoder && json["stop"]?.ToString() is not (null or "0"))
            throw new InvalidDataException($"{where}: Strip with stop above 0 is not supported");
        if (json.ContainsKey("content") && !isDecoder && json["pattern"] is JsonObject pattern && MatchesNothing(pattern))
            throw new InvalidDataException($"{where}: the pattern of Replace matches the empty text");
        if ((type == "Precompiled" || json.ContainsKey("precompiled_charsmap")) && !IsSound(json["precompiled_charsmap"]?.ToString() ?? ""))
            throw new InvalidDataException($"{where}: precompiled_charsmap is damaged");
    }

    private static bool MatchesNothing(JsonObject pattern)
    {
        try
        {
            var text = pattern["String"] is { } literal ? Regex.Escape(literal.ToString()) : pattern["Regex"]?.ToString() ?? "x";
            var regex = new Regex(text, RegexOptions.None, TimeSpan.FromSeconds(1));
            return ((string[])["", "a 1\n.", " é"]).Any(sample => regex.Matches(sample).Any(match => match.Length == 0));
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return false; // Oniguruma's own syntax
        }
    }

    /// <summary>Whether every step in a SentencePiece charsmap (base64: bytes of the trie, trie, replacements) stays inside.</summary>
    private static bool IsSound(string base64)
    {
        var map = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, map, out var length) || length < 8)
            return false;
        var size = BinaryPrimitives.ReadUInt32LittleEndian(map) / 4;
        if (size == 0 || size > (length - 4) / 4)
            return false;
        var units = MemoryMarshal.Cast<byte, uint>(map.AsSpan(4, (int)size * 4));
        var text = map.AsSpan(4 + (int)size * 4, length - 4 - (int)size * 4);
        var open = new Stack<uint>([Offset(units[0])]);
        var seen = new HashSet<uint>(open);
        while (open.TryPop(out var node))
        {
            for (uint label = 1; label < 256; label++)
            {
                if ((node ^ label) >= size)
                    return false;
                var unit = units[(int)(node ^ label)];
                if ((unit & 0x8000_00FF) != label)
                    continue;
                var next = node ^ label ^ Offset(unit);
                if ((unit & 0x100) != 0 && (next >= size || !IsStart(text, units[(int)next] & 0x7FFF_FFFF)))
                    return false;
                if (seen.Add(next))
                    open.Push(next);
            }
        }
        return Utf8.IsValid(text);

        static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

        static bool IsStart(ReadOnlySpan<byte> text, uint at) => at == text.Length || (at < text.Length && (text[(int)at] & 0xC0) != 0x80);
    }
}
