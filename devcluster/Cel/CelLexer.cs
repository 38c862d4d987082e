using System.Globalization;
using System.Text;

namespace LightReasoner.DevCluster.Cel;

internal enum CelTokenKind
{
    End,
    Name,
    Literal,
    Symbol,
}

internal readonly record struct CelToken(CelTokenKind Kind, string Text, object? Value, int At);

/// <summary>Splits a CEL expression into tokens.</summary>
internal static class CelLexer
{
    private static readonly string[] Symbols = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    public static List<CelToken> Split(string text)
    {
        var tokens = new List<CelToken>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at < text.Length - 1 && text[at] == '/' && text[at + 1] == '/')
            {
                while (at < text.Length && text[at] != '\n')
                    at++;
                continue;
            }

            if (at >= text.Length)
                break;
            tokens.Add(Next(text, ref at));
        }

        tokens.Add(new CelToken(CelTokenKind.End, "<EOF>", null, text.Length));
        return tokens;
    }

    private static CelToken Next(string text, ref int at)
    {
        var start = at;
        var c = text[at];
        if (c is '"' or '\'' || c is 'r' or 'R' && at + 1 < text.Length && text[at + 1] is '"' or '\'')
            return new CelToken(CelTokenKind.Literal, "", Quoted(text, ref at), start);
        if (char.IsAsciiDigit(c) || c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))
            return Number(text, ref at);
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
                at++;
            var word = text[start..at];
            return word switch
            {
                "true" => new CelToken(CelTokenKind.Literal, word, true, start),
                "false" => new CelToken(CelTokenKind.Literal, word, false, start),
                "null" => new CelToken(CelTokenKind.Literal, word, null, start),
                _ => new CelToken(CelTokenKind.Name, word, null, start),
            };
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0)
                continue;
            at += symbol.Length;
            return new CelToken(CelTokenKind.Symbol, symbol, null, start);
        }

        throw new CelException($"Syntax error: token recognition error at: '{c}'", at);
    }

    private static CelToken Number(string text, ref int at)
    {
        var start = at;
        if (text[at] == '0' && at + 1 < text.Length && text[at + 1] is 'x' or 'X')
        {
            at += 2;
            while (at < text.Length && char.IsAsciiHexDigit(text[at]))
                at++;
            return new CelToken(CelTokenKind.Literal, text[start..at], Convert.ToInt64(text[(start + 2)..at], 16), start);
        }

        var real = false;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is '.' or 'e' or 'E' || text[at] is '+' or '-' && text[at - 1] is 'e' or 'E'))
        {
            if (text[at] == '.' && (at + 1 >= text.Length || !char.IsAsciiDigit(text[at + 1])))
                break;
            real |= text[at] is '.' or 'e' or 'E';
            at++;
        }

        var digits = text[start..at];
        if (at < text.Length && text[at] is 'u' or 'U')
            at++;
        object value = real ? double.Parse(digits, CultureInfo.InvariantCulture) : (object)long.Parse(digits, CultureInfo.InvariantCulture);
        return new CelToken(CelTokenKind.Literal, digits, value, start);
    }

    private static string Quoted(string text, ref int at)
    {
        var raw = text[at] is 'r' or 'R';
        if (raw)
            at++;
        var start = at;
        var quote = string.CompareOrdinal(text, at, new string(text[at], 3), 0, 3) == 0 ? new string(text[at], 3) : text[at].ToString();
        at += quote.Length;
        var builder = new StringBuilder();
        while (string.CompareOrdinal(text, at, quote, 0, quote.Length) != 0)
        {
            if (at >= text.Length)
                throw new CelException("Syntax error: the string is not closed", start);
            if (text[at] != '\\' || raw)
            {
                builder.Append(text[at++]);
                continue;
            }

            at++;
            var escape = at < text.Length ? text[at++] : throw new CelException("Syntax error: the string is not closed", start);
            switch (escape)
            {
                case 'n': builder.Append('\n'); break;
                case 't': builder.Append('\t'); break;
                case 'r': builder.Append('\r'); break;
                case 'u':
                    builder.Append((char)Convert.ToInt32(text.Substring(at, 4), 16));
                    at += 4;
                    break;
                case 'x':
                    builder.Append((char)Convert.ToInt32(text.Substring(at, 2), 16));
                    at += 2;
                    break;
                default: builder.Append(escape); break;
            }
        }

        at += quote.Length;
        return builder.ToString();
    }
}
