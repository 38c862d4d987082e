using System.Globalization;
using System.Numerics;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>printf-style formatting ('%s' % x) and the simple fields of str.format.</summary>
internal static class Formatting
{
    private const int MaxWidth = 10_000;

    internal static string Percent(string format, object? values, Budget budget)
    {
        var arguments = values is Sequence { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [values];
        var used = 0;
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }
            if (++i < format.Length && format[i] == '(')
                throw RenderException.Unsupported("a named field in a format string");
            var flags = "";
            while (i < format.Length && "-+ 0#".Contains(format[i]))
                flags += format[i++];
            var width = Digits();
            var precision = -1;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = Digits();
            }
            if (i >= format.Length)
                throw new RenderException("incomplete format");
            if (format[i] == '%')
            {
                result.Append('%');
                continue;
            }
            if (used >= arguments.Count)
                throw new RenderException("not enough arguments for format string");
            Field(format[i], arguments[used++], flags, width, precision);

            int Digits()
            {
                var value = 0;
                for (; i < format.Length && char.IsAsciiDigit(format[i]); i++)
                    value = Math.Min(value * 10 + format[i] - '0', MaxWidth + 1);
                return value <= MaxWidth ? value : throw new RenderException($"a format field is wider than {MaxWidth}");
            }
        }
        if (used < arguments.Count && values is not (Dict or Sequence { Kind: not SequenceKind.Tuple }))
            throw new RenderException("not all arguments converted during string formatting");
        budget.Grow(result.Length);
        return result.ToString();

        void Field(char type, object? value, string flags, int width, int precision)
        {
            string sign = "", text;
            switch (type)
            {
                case 's':
                    text = Cut(PyText.Str(value, budget));
                    break;
                case 'r':
                    text = Cut(PyText.Repr(value, budget));
                    break;
                case 'd' or 'i' or 'u':
                    var number = value is double real && double.IsFinite(real) ? new BigInteger(real)
                        : Operators.Integer(value)
                            ?? throw new RenderException($"%{type} format: a real number is required, not {PyText.TypeName(value)}");
                    (sign, text) = (Sign(number.Sign < 0),
                        BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture).PadLeft(Math.Max(precision, 0), '0'));
                    break;
                case 'f' or 'F':
                    var point = Operators.Number(value) ?? throw new RenderException($"must be real number, not {PyText.TypeName(value)}");
                    if (!double.IsFinite(point))
                        throw RenderException.Unsupported("formatting inf or nan");
                    (sign, text) = (Sign(double.IsNegative(point)),
                        Math.Abs(point).ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture));
                    break;
                default:
                    throw RenderException.Unsupported($"the format '%{type}'");
            }
            var length = CodePoints.Length(text) + sign.Length;
            var padding = Math.Max(0, width - length);
            if (flags.Contains('-'))
                result.Append(sign).Append(text).Append(' ', padding);
            else if (flags.Contains('0') && type is not ('s' or 'r'))
                result.Append(sign).Append('0', padding).Append(text);
            else
                result.Append(' ', padding).Append(sign).Append(text);

            string Sign(bool negative) => negative ? "-" : flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "";

            string Cut(string whole) => precision < 0 || CodePoints.Length(whole) <= precision ? whole
                : string.Concat(CodePoints.Split(whole).Take(precision));
        }
    }

    /// <summary>'{} {0} {name}'.format(…), without format specifications.</summary>
    internal static string Braces(string format, Arguments arguments, Budget budget)
    {
        var next = 0;
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                result.Append(c);
                i++;
                continue;
            }
            if (c == '}')
                throw new RenderException("Single '}' encountered in format string");
            if (c != '{')
            {
                result.Append(c);
                continue;
            }
            var end = format.IndexOf('}', i);
            if (end < 0)
                throw new RenderException("expected '}' before end of string");
            var field = format[(i + 1)..end];
            i = end;
            if (field.AsSpan().ContainsAny("!:.[{"))
                throw RenderException.Unsupported($"the format field '{{{field}}}'");
            object? value;
            if (field.Length == 0 || field.All(char.IsAsciiDigit))
            {
                var index = field.Length == 0 ? next++ : int.TryParse(field, CultureInfo.InvariantCulture, out var parsed) ? parsed
                    : int.MaxValue;
                value = index < arguments.Positional.Count ? arguments.Positional[index]
                    : throw new RenderException($"Replacement index {index} out of range for positional args tuple");
            }
            else
            {
                var named = arguments.Named.FirstOrDefault(n => n.Name == field);
                value = named.Name is not null ? named.Value : throw new RenderException($"format() misses the argument '{field}'");
            }
            var text = PyText.Str(value, budget);
            budget.Grow(text.Length);
            result.Append(text);
        }
        return result.ToString();
    }
}
