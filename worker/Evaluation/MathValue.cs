using System.Numerics;

namespace LightReasoner.Worker.Evaluation;

/// <summary>
/// Whether two expressions are the same function of their variables: compared at random points, by exact arithmetic modulo a prime where
/// they are rational, else by complex numbers with bounds of the rounding error.
/// </summary>
internal static class MathValue
{
    private const int Points = 8;
    private const double Epsilon = 1.0 / (1L << 50);
    private static readonly BigInteger Prime = BigInteger.Pow(2, 61) - 1;

    /// <summary>Whether they agree wherever they have a value. Constants have their values.</summary>
    public static bool AreIdentical(MathNode one, MathNode other)
    {
        if (one.Text == other.Text) return true;
        if (AgreeModuloPrime(one, other) is { } exact) return exact;
        var agreed = 0;
        for (int point = 0; point < Points; point++)
        {
            var (a, errorA) = At(one, point);
            var (b, errorB) = At(other, point);
            if (!Complex.IsFinite(a) || !Complex.IsFinite(b) || !double.IsFinite(errorA + errorB)) continue;
            if (Complex.Abs(a - b) > 64 * (errorA + errorB)) return false;
            // Rounding may hide everything; then agreement means nothing.
            if (errorA + errorB < 1e-3 * (Complex.Abs(a) + Complex.Abs(b)) || errorA + errorB < 1e-6) agreed++;
        }
        return agreed >= Points / 2;
    }

    /// <summary>The value of an expression without variables; null where it is not a real number.</summary>
    public static double? Real(MathNode node)
    {
        if (node.HasSymbols) return null;
        if (InfiniteSign(node) is { } sign) return sign * double.PositiveInfinity;
        var (value, error) = At(node, 0);
        return Complex.IsFinite(value) && Math.Abs(value.Imaginary) <= 64 * error + 1e-12 * Math.Abs(value.Real) ? value.Real : null;
    }

    /// <summary>1 for positive infinity, -1 for negative; null for anything else.</summary>
    private static int? InfiniteSign(MathNode node) => node.Kind switch
    {
        MathKind.Infinity => 1,
        MathKind.Product when node.Children.Count(c => InfiniteSign(c) is not null) == 1 =>
            node.Children.Aggregate((int?)1, (sign, child) =>
                sign * (InfiniteSign(child) ?? (Real(child) is { } value and not 0 ? Math.Sign(value) : null))),
        MathKind.Sum when node.Children.Count(c => InfiniteSign(c) is not null) == 1
            && node.Children.All(c => InfiniteSign(c) is not null || Real(c) is not null) =>
            node.Children.Select(InfiniteSign).First(sign => sign is not null),
        _ => null,
    };

    private static bool? AgreeModuloPrime(MathNode one, MathNode other)
    {
        var agreed = 0;
        for (int point = 0; point < Points && agreed < 3; point++)
        {
            if (Modulo(one, point) is not { } a || Modulo(other, point) is not { } b) return null;
            if (a < 0 || b < 0) continue; // no value there
            if (a != b) return false;
            agreed++;
        }
        return agreed > 0 ? true : null;
    }

    /// <summary>The value modulo the prime; negative where it has none at this point, null where it is no rational expression.</summary>
    private static BigInteger? Modulo(MathNode node, int point)
    {
        switch (node.Kind)
        {
            case MathKind.Number:
                var below = Mod(node.Denominator);
                return below.IsZero ? BigInteger.MinusOne : Mod(node.Numerator * Inverse(below));
            case MathKind.Symbol:
                return Hash(node.Name, point) % Prime;
            case MathKind.Sum or MathKind.Product:
                BigInteger total = node.Kind == MathKind.Sum ? 0 : 1;
                foreach (var child in node.Children)
                {
                    var value = Modulo(child, point);
                    if (value is null || value < 0) return value;
                    total = Mod(node.Kind == MathKind.Sum ? total + value.Value : total * value.Value);
                }
                return total;
            case MathKind.Power when Real(node.Children[1]) is { } exponent && exponent == Math.Floor(exponent)
                && Math.Abs(exponent) < 1e15:
                var root = Modulo(node.Children[0], point);
                if (root is null || root < 0) return root;
                if (exponent <= 0 && root.Value.IsZero) return BigInteger.MinusOne;
                return BigInteger.ModPow(exponent < 0 ? Inverse(root.Value) : root.Value, (BigInteger)Math.Abs(exponent), Prime);
            default:
                return null;
        }
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(value, Prime - 2, Prime);

    private static BigInteger Mod(BigInteger value) => (value % Prime + Prime) % Prime;

    /// <summary>The value at a random point with a bound of its rounding error.</summary>
    private static (Complex Value, double Error) At(MathNode node, int point)
    {
        switch (node.Kind)
        {
            case MathKind.Number:
                var number = (double)node.Numerator / (double)node.Denominator;
                return Rounded(double.IsFinite(number) ? number
                    : Math.Exp(BigInteger.Log(BigInteger.Abs(node.Numerator)) - BigInteger.Log(node.Denominator)) * node.Numerator.Sign);
            case MathKind.Constant:
                return Rounded(node.Name switch { "pi" => Math.PI, "E" => Math.E, _ => Complex.ImaginaryOne });
            case MathKind.Symbol:
                var random = Hash(node.Name, point);
                // Every variable comes into all four quadrants, where roots and logarithms have their branches.
                // Half of the points lie far out, where rounding down makes a difference.
                return Rounded(Complex.FromPolarCoordinates((0.5 + (random & 0xFFFF) / 65536.0) * (point < Points / 2 ? 1 : 9),
                    (point + ((random >> 16) & 0xFFFF) / 65536.0) * Math.PI / 2));
            case MathKind.Sum:
                (Complex sum, double sumError) = (0, 0);
                foreach (var child in node.Children)
                {
                    var (value, error) = At(child, point);
                    (sum, sumError) = (sum + value, sumError + error + Epsilon * Complex.Abs(sum + value));
                }
                return (sum, sumError);
            case MathKind.Product:
                (Complex product, double productError) = (1, 0);
                foreach (var child in node.Children)
                {
                    var (value, error) = At(child, point);
                    productError = Complex.Abs(product) * error + Complex.Abs(value) * productError
                        + Epsilon * Complex.Abs(product * value);
                    product *= value;
                }
                return (product, productError);
            case MathKind.Power:
                var (@base, baseError) = At(node.Children[0], point);
                var (exponent, exponentError) = At(node.Children[1], point);
                if (@base == Complex.Zero) return exponent.Real > 0 ? (0, baseError) : (Complex.NaN, 0);
                var power = Power(@base, exponent);
                var relative = Complex.Abs(exponent) * baseError / Complex.Abs(@base) + Complex.Abs(Complex.Log(@base)) * exponentError
                    + (1 + Complex.Abs(exponent)) * Epsilon;
                return (power, Complex.Abs(power) * relative);
            case MathKind.Call:
                (Complex Value, double Error)[] arguments = [.. node.Children.Select(child => At(child, point))];
                Complex result = Call(node.Name, [.. arguments.Select(a => a.Value)]),
                    moved = Call(node.Name, [.. arguments.Select(a => a.Value + a.Error)]);
                return (result, 2 * Complex.Abs(moved - result) + 16 * Epsilon * Complex.Abs(result));
            default:
                return (Complex.NaN, 0);
        }
    }

    private static (Complex, double) Rounded(Complex value) => (value, Epsilon * Complex.Abs(value));

    /// <summary>A real number to a whole exponent is real.</summary>
    private static Complex Power(Complex root, Complex exponent) =>
        root.Imaginary == 0 && exponent.Imaginary == 0 && double.IsInteger(exponent.Real)
            ? Math.Pow(root.Real, exponent.Real) : Complex.Pow(root, exponent);

    /// <summary>An unknown function is some smooth function that depends on its name.</summary>
    private static Complex Call(string name, Complex[] arguments)
    {
        if (MathFunctions.Value(name, arguments) is { } value) return value;
        Complex sum = Fraction(name, 0);
        for (int i = 0; i < arguments.Length; i++)
            sum += Complex.Sin(arguments[i] * (1 + Fraction(name, 2 * i + 1))) * Fraction(name, 2 * i + 2);
        return sum;
    }

    private static double Fraction(string name, int point) => 0.1 + (Hash(name, point) & 0xFFFF) / 65536.0;

    /// <summary>Random but repeatable.</summary>
    private static ulong Hash(string name, int point) =>
        BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{point} {name}")));
}
