using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SharpYaml;
using SharpYaml.Events;

namespace LightReasoner.Api;

/// <summary>
/// What a scalar stands for, by the rules of go-yaml 2, which kubectl reads with: those of YAML 1.1 without base 60, and with octal numbers
/// of 1.2 too.
/// </summary>
internal static partial class YamlScalar
{
    private const string Core = "tag:yaml.org,2002:";

    /// <summary>The value of a scalar. Times remain text.</summary>
    /// <exception cref="YamlException">It has none in JSON, or not of the type that its tag asks for.</exception>
    public static JsonValue? Value(Scalar scalar)
    {
        var tag = scalar.Tag ?? "";
        if (tag == Core + "binary") return JsonValue.Create(Binary(scalar));
        var isCore = tag.StartsWith(Core, StringComparison.Ordinal)
            && tag[Core.Length..] is "bool" or "int" or "float" or "null" or "timestamp";
        if (!isCore && (tag.Length > 0 || scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any)))
            return JsonValue.Create(scalar.Value);

        var (type, value) = Resolve(scalar.Value);
        if (isCore && tag[Core.Length..] is var wanted && wanted != type && !(wanted == "float" && value is long)
            && !(wanted == "timestamp" && type == "str"))
            throw new YamlException(scalar.Start, scalar.End, $"'{scalar.Value}' is no {wanted}");
        return value switch
        {
            null => null,
            bool truth => JsonValue.Create(truth),
            long integer => JsonValue.Create(integer),
            ulong integer => JsonValue.Create((double)integer),
            // As JSON, a number without a fraction is an integer.
            double number when double.IsFinite(number) => number == Math.Floor(number) && Math.Abs(number) < 9.2e18
                ? JsonValue.Create((long)number) : JsonValue.Create(number),
            double => throw new YamlException(scalar.Start, scalar.End, $"{scalar.Value} is no number that JSON has"),
            var text => JsonValue.Create((string)text),
        };
    }

    /// <summary>A value as the name of a field; null where it can be none.</summary>
    public static string? Key(JsonNode? key) => key switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonValue value => value.ToJsonString(),
        _ => null,
    };

    /// <summary>Whether a plain scalar stands for its own text.</summary>
    public static bool IsText(string text) => text != "<<" && Resolve(text).Value is string;

    /// <summary>A number, a boolean or null as a plain scalar, numbers without an exponent where that is short.</summary>
    public static string Text(JsonNode? node) => node switch
    {
        null => "null",
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.ToJsonString().Contains('E')
            && value.GetValue<double>() is var number && Math.Abs(number) is >= 1e-9 and < 1e15
            => ((decimal)number).ToString(CultureInfo.InvariantCulture),
        _ => node.ToJsonString(),
    };

    private static (string Type, object? Value) Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return ("null", null);
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON": return ("bool", true);
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF": return ("bool", false);
            case ".nan" or ".NaN" or ".NAN": return ("float", double.NaN);
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF": return ("float", double.PositiveInfinity);
            case "-.inf" or "-.Inf" or "-.INF": return ("float", double.NegativeInfinity);
        }
        if (text[0] is not ('+' or '-' or '.' or (>= '0' and <= '9'))) return ("str", text);
        var plain = text[0] == '.' ? text : text.Replace("_", "", StringComparison.Ordinal);
        if (Integer(plain) is { } integer) return ("int", integer);
        return Real().IsMatch(plain) && double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture) is var number
            && double.IsFinite(number) ? ("float", number) : ("str", text);
    }

    /// <summary>An integer with Go's prefixes: 0x, 0b, 0o, and 0 for octal ones; null for anything else.</summary>
    private static object? Integer(string text)
    {
        bool signed = text is ['+' or '-', ..], negative = text is ['-', ..];
        var digits = signed ? text[1..] : text;
        var (radix, prefix) = digits is not ['0', _, ..] ? (10, 0) : char.ToLowerInvariant(digits[1]) switch
        {
            'x' => (16, 2),
            'b' => (2, 2),
            'o' => (8, 2),
            _ => (8, 1),
        };
        digits = digits[prefix..];
        if (digits.Length == 0) return null;
        UInt128 value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit) || Convert.ToInt32(digit.ToString(), 16) is var d && d >= radix) return null;
            value = (value * (uint)radix) + (uint)d;
            if (value > ulong.MaxValue) return null;
        }
        if (value <= long.MaxValue) return negative ? -(long)value : (long)value;
        return negative && value == (UInt128)long.MaxValue + 1 ? long.MinValue : signed ? null : (ulong)value;
    }

    private static string Binary(Scalar scalar)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(scalar.Value));
        }
        catch (FormatException)
        {
            throw new YamlException(scalar.Start, scalar.End, "is no base64");
        }
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Real();
}
