using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>How Python writes values: str() and repr().</summary>
internal static class PyText
{
    /// <summary>What Python's str.isspace is true for.</summary>
    internal static readonly SearchValues<char> WhiteSpace = SearchValues.Create(
        [.. Enumerable.Range(0, 0x10000).Select(c => (char)c).Where(c => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f')]);

    internal static bool IsSpace(char c) => WhiteSpace.Contains(c);

    internal static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        SafeText => "Markup",
        Undefined => "Undefined",
        Dict => "dict",
        Namespace => "Namespace",
        Sequence { Kind: SequenceKind.List } => "list",
        Sequence { Kind: SequenceKind.Tuple } => "tuple",
        Sequence { Kind: SequenceKind.Range } => "range",
        Sequence { Kind: SequenceKind.Keys } => "dict_keys",
        Sequence { Kind: SequenceKind.Values } => "dict_values",
        Sequence => "dict_items",
        OneShot => "generator",
        LoopContext => "LoopContext",
        _ => "function",
    };

    /// <summary>str(value)</summary>
    internal static string Str(object? value, Budget budget)
    {
        switch (value)
        {
            case string text:
                return text;
            case SafeText safe:
                return safe.Value;
            case Undefined:
                return "";
            default:
                var result = new StringBuilder();
                Repr(value, result, budget);
                return result.ToString();
        }
    }

    internal static string Repr(object? value, Budget budget)
    {
        var result = new StringBuilder();
        Repr(value, result, budget);
        return result.ToString();
    }

    private static void Repr(object? value, StringBuilder result, Budget budget)
    {
        Budget.CheckStack();
        budget.Step();
        var before = result.Length;
        switch (value)
        {
            case null: result.Append("None"); break;
            case true: result.Append("True"); break;
            case false: result.Append("False"); break;
            case BigInteger number: result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: result.Append(Float(number)); break;
            case string text: Quote(text, result); break;
            case SafeText safe:
                result.Append("Markup(");
                Quote(safe.Value, result);
                result.Append(')');
                break;
            case Undefined: result.Append("Undefined"); break;
            case Dict dict:
                result.Append('{');
                var first = true;
                foreach (var (key, item) in dict.Items)
                {
                    if (!first)
                        result.Append(", ");
                    first = false;
                    Repr(key, result, budget);
                    result.Append(": ");
                    Repr(item, result, budget);
                }
                result.Append('}');
                break;
            case Sequence { Kind: SequenceKind.List } list: Items(list.Items, '[', "]"); break;
            case Sequence { Kind: SequenceKind.Tuple } tuple: Items(tuple.Items, '(', tuple.Items.Count == 1 ? ",)" : ")"); break;
            case Sequence { Kind: SequenceKind.Keys or SequenceKind.Values or SequenceKind.Items } view:
                result.Append(TypeName(view)).Append('(');
                Items(view.Items, '[', "]");
                result.Append(')');
                break;
            default:
                throw RenderException.Unsupported($"printing a {TypeName(value)}");
        }
        budget.Grow(result.Length - before);

        void Items(IReadOnlyList<object?> items, char open, string close)
        {
            result.Append(open);
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0)
                    result.Append(", ");
                Repr(items[i], result, budget);
            }
            result.Append(close);
        }
    }

    private static void Quote(string text, StringBuilder result)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        result.Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            var c = rune.Value;
            if (c == quote || c == '\\')
                result.Append('\\').Append((char)c);
            else if (c is '\n' or '\r' or '\t')
                result.Append('\\').Append(c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
            else if (IsPrintable(rune))
                result.Append(rune.ToString());
            else if (c <= 0xFF)
                result.Append(CultureInfo.InvariantCulture, $"\\x{c:x2}");
            else if (c <= 0xFFFF)
                result.Append(CultureInfo.InvariantCulture, $"\\u{c:x4}");
            else
                result.Append(CultureInfo.InvariantCulture, $"\\U{c:x8}");
        }
        result.Append(quote);
    }

    internal static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>repr of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16.</summary>
    internal static string Float(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        // Digits and exponent of the shortest form, whatever way .NET wrote it.
        var sign = shortest[0] == '-' ? "-" : "";
        var mantissa = shortest.TrimStart('-');
        var exponent = 0;
        if (mantissa.IndexOf('E') is >= 0 and var e)
        {
            exponent = int.Parse(mantissa.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }
        var point = mantissa.IndexOf('.');
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        if (digits.Length == 0)
            return sign + "0.0";
        exponent -= zeros;
        if (exponent is < -4 or >= 16)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>str.strip and its one-sided forms; null strips white space.</summary>
    internal static string Strip(string text, string? characters, bool left, bool right)
    {
        var (start, end) = (0, text.Length);
        // Units of a pair of surrogates are compared one by one; sets of characters above U+FFFF are refused.
        if (characters is not null && characters.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            throw RenderException.Unsupported("stripping characters above U+FFFF");
        while (left && start < end && Strips(text[start]))
            start++;
        while (right && end > start && Strips(text[end - 1]))
            end--;
        return text[start..end];

        bool Strips(char c) => characters is null ? IsSpace(c) : characters.Contains(c);
    }
}
