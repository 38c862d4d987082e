using System.Numerics;

namespace LightReasoner.Worker.Evaluation;

/// <summary>Functions of complex numbers, principal values.</summary>
internal static class MathFunctions
{
    private static readonly Dictionary<string, Func<Complex, Complex>> Known = new()
    {
        ["exp"] = Complex.Exp,
        ["sin"] = Complex.Sin,
        ["cos"] = Complex.Cos,
        ["tan"] = Complex.Tan,
        ["csc"] = z => 1 / Complex.Sin(z),
        ["sec"] = z => 1 / Complex.Cos(z),
        ["cot"] = z => 1 / Complex.Tan(z),
        ["arcsin"] = Complex.Asin,
        ["arccos"] = Complex.Acos,
        ["arctan"] = Complex.Atan,
        ["arccsc"] = z => Complex.Asin(1 / z),
        ["arcsec"] = z => Complex.Acos(1 / z),
        ["arccot"] = z => Complex.Atan(1 / z),
        ["sinh"] = Complex.Sinh,
        ["cosh"] = Complex.Cosh,
        ["tanh"] = Complex.Tanh,
        ["arsinh"] = z => Complex.Log(z + Complex.Sqrt(z * z + 1)),
        ["arcosh"] = z => Complex.Log(z + Complex.Sqrt(z + 1) * Complex.Sqrt(z - 1)),
        ["artanh"] = z => (Complex.Log(1 + z) - Complex.Log(1 - z)) / 2,
        ["abs"] = z => Complex.Abs(z),
        ["conjugate"] = Complex.Conjugate,
        ["floor"] = z => new Complex(Math.Floor(z.Real), Math.Floor(z.Imaginary)),
        ["ceil"] = z => new Complex(Math.Ceiling(z.Real), Math.Ceiling(z.Imaginary)),
        ["factorial"] = z => Gamma(z + 1),
    };

    // Lanczos' approximation with g = 7 (about 15 digits).
    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
            -0.13857109526572012, 9.9843695780195716e-6,
        1.5056327351493116e-7,
    ];

    /// <summary>Whether a function has values here; any other is taken for an unknown one.</summary>
    public static bool IsKnown(string name) => Known.ContainsKey(name) || name is "log" or "binomial";

    public static Complex? Value(string name, IReadOnlyList<Complex> arguments) =>
        name == "log" && arguments.Count == 2 ? Complex.Log(arguments[0]) / Complex.Log(arguments[1])
        : name == "binomial" && arguments.Count == 2
            ? Gamma(arguments[0] + 1) / (Gamma(arguments[1] + 1) * Gamma(arguments[0] - arguments[1] + 1))
        : arguments.Count == 1 && Known.TryGetValue(name, out var function) ? function(arguments[0])
        : null;

    private static Complex Gamma(Complex z)
    {
        if (z.Real < 0.5) return Math.PI / (Complex.Sin(Math.PI * z) * Gamma(1 - z));
        z -= 1;
        Complex sum = Lanczos[0];
        for (int i = 1; i < Lanczos.Length; i++) sum += Lanczos[i] / (z + i);
        var t = z + 7.5;
        return Math.Sqrt(2 * Math.PI) * Complex.Exp((z + 0.5) * Complex.Log(t) - t) * sum;
    }
}
