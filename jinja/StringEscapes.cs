using System.Globalization;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>Backslash escapes of string literals, as Python's unicode-escape codec reads them.</summary>
internal static class StringEscapes
{
    internal static string Unescape(string raw, Func<string, Exception> error)
    {
        if (!raw.Contains('\\'))
            return raw;
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\' || ++i == raw.Length)
            {
                text.Append(raw[Math.Min(i, raw.Length - 1)]);
                continue;
            }
            switch (raw[i])
            {
                case '\n': break;
                case '\\': text.Append('\\'); break;
                case '\'': text.Append('\''); break;
                case '"': text.Append('"'); break;
                case 'a': text.Append('\a'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'n': text.Append('\n'); break;
                case 'r': text.Append('\r'); break;
                case 't': text.Append('\t'); break;
                case 'v': text.Append('\v'); break;
                case 'x': Hex(2); break;
                case 'u': Hex(4); break;
                case 'U': Hex(8); break;
                case 'N': throw error("an escape \\N{...} in a string is not supported");
                case >= '0' and <= '7':
                    var octal = 0;
                    for (var n = 0; n < 3 && i < raw.Length && raw[i] is >= '0' and <= '7'; n++)
                        octal = octal * 8 + raw[i++] - '0';
                    i--;
                    text.Append((char)octal);
                    break;
                default: text.Append('\\').Append(raw[i]); break;
            }

            void Hex(int digits)
            {
                const NumberStyles hex = NumberStyles.AllowHexSpecifier;
                if (i + digits > raw.Length - 1
                    || !uint.TryParse(raw.AsSpan(i + 1, digits), hex, CultureInfo.InvariantCulture, out var value) || value > 0x10FFFF)
                    throw error($"a string has a truncated or invalid escape \\{raw[i]}");
                i += digits;
                if (value > 0xFFFF)
                    text.Append(char.ConvertFromUtf32((int)value));
                else
                    text.Append((char)value);
            }
        }
        return text.ToString();
    }
}
