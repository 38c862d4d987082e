using System.Globalization;

namespace LightReasoner.Worker.Data;

/// <summary>
/// Floating-point literals: the shortest that give the same double, with a fraction or an exponent so that they cannot be taken for
/// integers.
/// </summary>
internal static class JsonFloat
{
    /// <summary>A finite number, laid out as JavaScript does; whole numbers end in <c>.0</c>.</summary>
    public static string Format(double value)
    {
        string round = value.ToString("R", CultureInfo.InvariantCulture);
        int split = round.IndexOf('E', StringComparison.Ordinal);
        string mantissa = (split < 0 ? round : round[..split]).TrimStart('-');
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int exponent = (split < 0 ? 0 : int.Parse(round[(split + 1)..], CultureInfo.InvariantCulture)) + (point < 0
            ? digits.Length : point);
        // digits · 10^(exponent − number of digits), without zeros at either end
        int zeros = digits.Length - digits.TrimStart('0').Length;
        (digits, exponent) = (digits[zeros..].TrimEnd('0'), exponent - zeros);
        string sign = double.IsNegative(value) ? "-" : "";
        if (digits.Length == 0) return sign + "0.0";
        if (exponent is > 0 and <= 21)
        {
            return sign + (digits.Length <= exponent
                ? digits.PadRight(exponent, '0') + ".0"
                : $"{digits[..exponent]}.{digits[exponent..]}");
        }
        if (exponent is > -6 and <= 0) return $"{sign}0.{new string('0', -exponent)}{digits}";
        string fraction = digits.Length > 1 ? "." + digits[1..] : "";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent > 0 ? "+" : "")}{exponent - 1}");
    }
}
