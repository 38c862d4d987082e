using System.Globalization;
using System.Numerics;

namespace k8s.Models;

/// <summary>
/// A fixed-point number with a unit: <c>500m</c>, <c>1536Mi</c>, <c>12e6</c>. Kept as an exact fraction; written in the canonical
/// form of apimachinery's resource.Quantity (largest suffix that leaves no fraction; finer than a nano is rounded up).
/// </summary>
[JsonConverter(typeof(ResourceQuantityJsonConverter))]
public record ResourceQuantity
{
    public enum SuffixFormat
    {
        DecimalExponent,
        BinarySI,
        DecimalSI,
    }

    public static readonly decimal MaxAllowed = (decimal)BigInteger.Pow(2, 63) - 1;

    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    // value = numerator / denominator, denominator > 0, lowest terms (so that equality of records is equality of amounts)
    private readonly BigInteger numerator;
    private readonly BigInteger denominator;

    public ResourceQuantity(decimal n, int exp, SuffixFormat format)
    {
        var (top, bottom) = FromDecimal(n);
        (numerator, denominator) = Reduce(top * Power(10, exp), bottom * Power(10, -exp));
        Format = format;
    }

    public ResourceQuantity(string v)
    {
        if (v == null)
        {
            (numerator, denominator) = (0, 1);
            Format = SuffixFormat.BinarySI;
            return;
        }

        var text = v.Trim();
        var end = text.AsSpan().IndexOfAny("eEinumkKMGTP");
        end = end < 0 ? text.Length : end;
        var suffix = text[end..];
        var (top, bottom) = ParseNumber(text[..end], v);
        int exponent;
        var numberBase = 10;
        if (Array.IndexOf(DecimalSuffixes, suffix) is >= 0 and var d)
        {
            (exponent, Format) = (3 * (d - 3), SuffixFormat.DecimalSI);
        }
        else if (Array.IndexOf(BinarySuffixes, suffix) is > 0 and var b)
        {
            (numberBase, exponent, Format) = (2, 10 * b, SuffixFormat.BinarySI);
        }
        else if (suffix[0] is 'e' or 'E' && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
        {
            Format = SuffixFormat.DecimalExponent;
        }
        else
        {
            throw new ArgumentException($"'{v}' is not a quantity: unknown suffix '{suffix}'");
        }

        (numerator, denominator) = Reduce(top * Power(numberBase, exponent), bottom * Power(numberBase, -exponent));
        if (Format == SuffixFormat.BinarySI && numerator > (BigInteger)MaxAllowed * denominator)
        {
            (numerator, denominator) = ((BigInteger)MaxAllowed, 1);
        }
    }

    public SuffixFormat Format { get; private set; }

    public static implicit operator ResourceQuantity(string v) => new(v);

    public static implicit operator decimal(ResourceQuantity v) => v?.ToDecimal() ?? 0;

    public static implicit operator ResourceQuantity(decimal v) => new(v, 0, SuffixFormat.DecimalExponent);

    public string CanonicalizeString() => CanonicalizeString(Format);

    public string CanonicalizeString(SuffixFormat suffixFormat)
    {
        if (numerator.IsZero)
        {
            return "0";
        }

        var smallOrFraction = !denominator.IsOne || BigInteger.Abs(numerator) < 1024;
        return suffixFormat switch
        {
            SuffixFormat.BinarySI when !smallOrFraction => Write(2, 0, 10, BinarySuffixes.Length, i => BinarySuffixes[i]),
            SuffixFormat.DecimalExponent => Write(10, -9, 3, int.MaxValue, i => i == 3 ? "" : "e" + (3 * (i - 3)).ToString(CultureInfo.InvariantCulture)),
            _ => Write(10, -9, 3, DecimalSuffixes.Length, i => DecimalSuffixes[i]),
        };
    }

    public sealed override string ToString() => CanonicalizeString();

    public virtual bool Equals(ResourceQuantity other) => other is not null && numerator == other.numerator && denominator == other.denominator;

    public override int GetHashCode() => HashCode.Combine(numerator, denominator);

    public int ToInt32() => (int)ToBigInteger();

    public long ToInt64() => (long)ToBigInteger();

    public uint ToUInt32() => (uint)ToBigInteger();

    public ulong ToUInt64() => (ulong)ToBigInteger();

    public BigInteger ToBigInteger() => BigInteger.Divide(numerator, denominator);

    public decimal ToDecimal()
    {
        var whole = BigInteger.DivRem(numerator, denominator, out var rest);
        return (decimal)whole + ((decimal)rest / (decimal)denominator);
    }

    public double ToDouble() => (double)numerator / (double)denominator;

    /// <summary>The largest step of the ladder that divides the amount; the lowest one, rounded up, if none does.</summary>
    private string Write(int numberBase, int lowest, int step, int steps, Func<int, string> suffix)
    {
        var (bestStep, best) = (0, Ceiling(numerator * Power(numberBase, -lowest), denominator * Power(numberBase, lowest)));
        for (var i = 1; i < steps; i++)
        {
            var exponent = lowest + (i * step);
            var quotient = BigInteger.DivRem(numerator * Power(numberBase, -exponent), denominator * Power(numberBase, exponent), out var rest);
            if (!rest.IsZero)
            {
                break;
            }

            (bestStep, best) = (i, quotient);
        }

        return best.ToString(CultureInfo.InvariantCulture) + suffix(bestStep);
    }

    private static BigInteger Power(int numberBase, int exponent) => exponent <= 0 ? BigInteger.One : BigInteger.Pow(numberBase, exponent);

    private static BigInteger Ceiling(BigInteger top, BigInteger bottom)
    {
        var quotient = BigInteger.DivRem(top, bottom, out var rest);
        return rest.Sign > 0 ? quotient + 1 : quotient;
    }

    private static (BigInteger Top, BigInteger Bottom) Reduce(BigInteger top, BigInteger bottom)
    {
        var divisor = BigInteger.GreatestCommonDivisor(top, bottom);
        return divisor.IsZero ? (0, 1) : (top / divisor, bottom / divisor);
    }

    private static (BigInteger Top, BigInteger Bottom) FromDecimal(decimal value) =>
        ParseNumber(value.ToString(CultureInfo.InvariantCulture), "");

    private static (BigInteger Top, BigInteger Bottom) ParseNumber(string digits, string quantity)
    {
        var point = digits.IndexOf('.');
        var fraction = point < 0 ? 0 : digits.Length - point - 1;
        if (!BigInteger.TryParse(point < 0 ? digits : digits.Remove(point, 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var top))
        {
            throw new FormatException($"'{quantity}' is not a quantity: '{digits}' is not a number");
        }

        return (top, BigInteger.Pow(10, fraction));
    }
}

internal sealed class ResourceQuantityJsonConverter : JsonConverter<ResourceQuantity>
{
    public override ResourceQuantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new ResourceQuantity(reader.GetString()),
        JsonTokenType.Number => new ResourceQuantity(System.Text.Encoding.UTF8.GetString(reader.ValueSpan)),
        _ => throw new JsonException($"expected a quantity, found {reader.TokenType}"),
    };

    public override void Write(Utf8JsonWriter writer, ResourceQuantity value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
