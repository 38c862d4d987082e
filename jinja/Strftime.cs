using System.Globalization;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>strftime in the C locale.</summary>
internal static class Strftime
{
    internal static string Format(DateTimeOffset time, string format)
    {
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }
            var plain = format[++i] == '-' && i + 1 < format.Length;
            if (plain)
                i++;
            var field = Field(time, format[i]);
            result.Append(plain && field.All(char.IsAsciiDigit) ? field.TrimStart('0') is { Length: > 0 } digits ? digits : "0" : field);
        }
        return result.ToString();
    }

    private static string Field(DateTimeOffset t, char field)
    {
        var c = CultureInfo.InvariantCulture;
        return field switch
        {
            'a' => t.ToString("ddd", c),
            'A' => t.ToString("dddd", c),
            'b' or 'h' => t.ToString("MMM", c),
            'B' => t.ToString("MMMM", c),
            'c' => $"{t.ToString("ddd MMM", c)} {t.Day,2} {t.ToString("HH:mm:ss yyyy", c)}",
            'd' => t.ToString("dd", c),
            'D' or 'x' => t.ToString("MM'/'dd'/'yy", c),
            'e' => $"{t.Day,2}",
            'f' => t.ToString("ffffff", c),
            'F' => t.ToString("yyyy-MM-dd", c),
            'H' => t.ToString("HH", c),
            'I' => t.ToString("hh", c),
            'j' => t.DayOfYear.ToString("000", c),
            'm' => t.ToString("MM", c),
            'M' => t.ToString("mm", c),
            'n' => "\n",
            'p' => t.Hour < 12 ? "AM" : "PM",
            'R' => t.ToString("HH:mm", c),
            'S' => t.ToString("ss", c),
            't' => "\t",
            'T' or 'X' => t.ToString("HH:mm:ss", c),
            'u' => (t.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)t.DayOfWeek).ToString(c),
            'w' => ((int)t.DayOfWeek).ToString(c),
            'y' => t.ToString("yy", c),
            'Y' => t.ToString("yyyy", c),
            'z' or 'Z' => "", // the reference's clock has no time zone
            '%' => "%",
            _ => throw RenderException.Unsupported($"the strftime field '%{field}'"),
        };
    }
}
