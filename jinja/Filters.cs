using System.Globalization;
using System.Numerics;

namespace LightReasoner.Jinja;

internal delegate object? FilterFunction(Interpreter interpreter, object? value, Arguments arguments);

/// <summary>Filters on single values. Those on sequences are in <see cref="SequenceFilters"/>.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, FilterFunction> All = new(StringComparer.Ordinal)
    {
        ["abs"] = (_, v, a) => Abs(v, a),
        ["attr"] = (i, v, a) => v is Dict
            ? throw RenderException.Unsupported("the filter 'attr' on a dict")
            : Attributes.GetAttribute(v, String(a.Bind(1, "name")[0], i), i.Budget),
        ["capitalize"] = (i, v, a) => Plain(a, Built(Casing.Capitalize(String(v, i)), i)),
        ["center"] = (i, v, a) => Center(String(v, i), a.Bind(0, "width")[0], i.Budget),
        ["count"] = (_, v, a) => Plain(a, new BigInteger(Operators.Length(v))),
        ["d"] = Default,
        ["default"] = Default,
        ["e"] = (i, v, a) => Plain(a, new SafeText(Built(Operators.Escape(v is SafeText ? v : String(v, i)), i))),
        ["escape"] = (i, v, a) => Plain(a, new SafeText(Built(Operators.Escape(v is SafeText ? v : String(v, i)), i))),
        ["float"] = (_, v, a) => Float(v, a),
        ["forceescape"] = (i, v, a) => Plain(a, new SafeText(Built(Operators.Escape(String(v, i)), i))),
        ["format"] = (i, v, a) => Formatting.Percent(String(v, i), Sequence.Tuple(a.Positional), i.Budget),
        ["indent"] = Indent,
        ["int"] = (_, v, a) => Int(v, a),
        ["length"] = (_, v, a) => Plain(a, new BigInteger(Operators.Length(v))),
        ["lower"] = (i, v, a) => Plain(a, Built(Casing.Lower(String(v, i)), i)),
        ["replace"] = Replace,
        ["round"] = (_, v, a) => Round(v, a),
        ["safe"] = (i, v, a) => Plain(a, new SafeText(String(v, i))),
        ["string"] = (i, v, a) => Plain(a, v is SafeText ? v : String(v, i)),
        ["title"] = (i, v, a) => Plain(a, Title(String(v, i), i.Budget)),
        ["tojson"] = (i, v, a) => JsonText.Dump(v, a, i.Budget),
        ["trim"] = (i, v, a) => a.Bind(0, "chars")[0] is var c && c != Arguments.Missing && c is not null
            ? PyText.Strip(String(v, i), String(c, i), true, true)
            : PyText.Strip(String(v, i), null, true, true),
        ["truncate"] = Truncate,
        ["upper"] = (i, v, a) => Plain(a, Built(Casing.Upper(String(v, i)), i)),
        ["wordcount"] = (i, v, a) => Plain(a, new BigInteger(WordCount(String(v, i)))),
    };

    internal static FilterFunction Find(string name) =>
        All.GetValueOrDefault(name) ?? SequenceFilters.All.GetValueOrDefault(name)
            ?? throw RenderException.Unsupported($"the filter '{name}'");

    internal static bool Exists(string name) => All.ContainsKey(name) || SequenceFilters.All.ContainsKey(name);

    internal static object? Plain(Arguments arguments, object? result)
    {
        arguments.Bind(0);
        return result;
    }

    internal static string String(object? value, Interpreter interpreter) => PyText.Str(value, interpreter.Budget);

    private static string Built(string text, Interpreter interpreter)
    {
        interpreter.Budget.Grow(text.Length);
        return text;
    }

    private static object? Default(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "default_value", "boolean");
        var replace = value is Undefined || (bound[1] != Arguments.Missing && Operators.Truth(bound[1]) && !Operators.Truth(value));
        return !replace ? value : bound[0] == Arguments.Missing ? "" : bound[0];
    }

    private static object Abs(object? value, Arguments arguments)
    {
        Operators.Defined(value);
        return Plain(arguments, Operators.Integer(value) is { } number ? BigInteger.Abs(number)
            : value is double real ? Math.Abs(real)
                : throw new RenderException($"bad operand type for abs(): '{PyText.TypeName(value)}'"))!;
    }

    private static object? Int(object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "default", "base");
        if (bound[1] != Arguments.Missing)
            throw RenderException.Unsupported("int() with a base");
        Operators.Defined(value);
        if (Operators.Integer(value) is { } whole)
            return whole;
        if (Operators.Text(value) is { } text && Number(text) is { } spelled)
        {
            if (spelled.Length <= 4300 && BigInteger.TryParse(spelled, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out var parsed))
                return parsed;
            value = ParseFloat(spelled);
        }
        return value is double real && double.IsFinite(real) ? new BigInteger(real) : bound[0] == Arguments.Missing ? BigInteger.Zero
            : bound[0];
    }

    private static object? Float(object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "default");
        Operators.Defined(value);
        var number = Operators.Number(value) ?? (Operators.Text(value) is { } text && Number(text) is { } spelled ? ParseFloat(spelled)
            : null);
        return number is { } real ? real : bound[0] == Arguments.Missing ? 0.0 : bound[0];
    }

    /// <summary>
    /// The spelling of a number as Python's int and float take it: white space around, single underscores between digits.
    /// </summary>
    private static string? Number(string text)
    {
        text = PyText.Strip(text, null, true, true);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '_' && !(i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1])))
                return null;
        }
        return text.Replace("_", "", StringComparison.Ordinal);
    }

    private static double? ParseFloat(string text)
    {
        if (text.TrimStart('+', '-').ToLowerInvariant() is "inf" or "infinity" or "nan")
            throw RenderException.Unsupported("a float that is inf or nan");
        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static object Round(object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "precision", "method");
        var precision = bound[0] == Arguments.Missing ? 0 : Operators.Int32(bound[0], "precision");
        Operators.Defined(value);
        var number = Operators.Number(value) ?? throw new RenderException($"type {PyText.TypeName(value)} doesn't define __round__ method");
        if (precision is < 0 or > 15)
            throw RenderException.Unsupported("rounding to a precision outside of 0 to 15");
        var method = bound[1] == Arguments.Missing ? "common" : bound[1] as string;
        var scale = Math.Pow(10, precision);
        return method switch
        {
            // Python rounds the exact decimal value of the float, halves to even; "F" formatting is exact as well.
            "common" when Operators.Integer(value) is { } whole => whole,
            "common" => (double)Math.Round((decimal)Exact(number), precision, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new RenderException("method must be common, ceil or floor"),
        };

        static double Exact(double real) => Math.Abs(real) < 1e12 ? real
            : throw RenderException.Unsupported("rounding a number of 1e12 or more");
    }

    private static object? Replace(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(2, "old", "new", "count");
        var count = bound[2] == Arguments.Missing || bound[2] is null ? -1 : Operators.Int32(bound[2], "count");
        return StringMethods.Replace(String(value, interpreter), String(bound[0], interpreter), String(bound[1], interpreter), count,
            interpreter.Budget);
    }

    private static object? Indent(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "width", "first", "blank");
        Operators.Defined(value);
        var text = Operators.Text(value) ?? throw new RenderException($"indent: expected a string, not {PyText.TypeName(value)}");
        var indentation = bound[0] as string ?? new string(' ',
            Math.Clamp(bound[0] == Arguments.Missing ? 4 : Operators.Int32(bound[0], "width"), 0, 10_000));
        var blank = bound[2] != Arguments.Missing && Operators.Truth(bound[2]);
        // Jinja2 adds a newline so that a text that ends in one keeps it.
        var lines = Splitting.Lines(text + "\n", keepEnds: false);
        interpreter.Budget.Grow(text.Length + (long)lines.Count * (indentation.Length + 1));
        var result = string.Join('\n', lines.Select((line, i) => i > 0 && (blank || line.Length > 0) ? indentation + line : line));
        return bound[1] != Arguments.Missing && Operators.Truth(bound[1]) ? indentation + result : result;
    }

    private static string Center(string text, object? width, Budget budget)
    {
        var padding = Math.Max(0, (width == Arguments.Missing ? 80 : Operators.Int32(width, "width")) - CodePoints.Length(text));
        budget.Grow(padding);
        return StringMethods.Center(text, padding, ' ');
    }

    private static string Title(string text, Budget budget)
    {
        // Words begin after white space, '-', '(', '{', '[' and '<'.
        budget.Grow(text.Length);
        var result = new System.Text.StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && !Separates(text[end]))
                end++;
            if (end > at)
            {
                var first = char.IsHighSurrogate(text[at]) && at + 1 < end ? 2 : 1;
                result.Append(Casing.Upper(text.Substring(at, first))).Append(Casing.Lower(text[(at + first)..end]));
            }
            else
            {
                result.Append(text[end++]);
            }
            at = end;
        }
        return result.ToString();

        static bool Separates(char c) => PyText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
    }

    private static object? Truncate(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "length", "killwords", "end", "leeway");
        var length = bound[0] == Arguments.Missing ? 255 : Operators.Int32(bound[0], "length");
        var end = bound[2] == Arguments.Missing ? "..." : String(bound[2], interpreter);
        var leeway = bound[3] == Arguments.Missing || bound[3] is null ? 5 : Operators.Int32(bound[3], "leeway");
        if (length < end.Length || leeway < 0)
            throw new RenderException($"truncate: expected length >= {end.Length} and leeway >= 0");
        if (Operators.Length(value) <= (long)length + leeway)
            return value;
        var text = Operators.Text(value) ?? throw new RenderException($"truncate: expected a string, not {PyText.TypeName(value)}");
        if (CodePoints.HasSurrogates(text))
            throw RenderException.Unsupported("truncating text with characters above U+FFFF");
        var cut = text[..(length - end.Length)];
        if (bound[1] == Arguments.Missing || !Operators.Truth(bound[1]))
            cut = cut.LastIndexOf(' ') is >= 0 and var space ? cut[..space] : cut;
        return cut + end;
    }

    private static int WordCount(string text)
    {
        var (count, inWord) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var word = rune.Value == '_' || System.Text.Rune.IsLetterOrDigit(rune) || System.Text.Rune.GetNumericValue(rune) != -1;
            count += word && !inWord ? 1 : 0;
            inWord = word;
        }
        return count;
    }
}
