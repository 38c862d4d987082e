using System.Numerics;

namespace LightReasoner.Worker.Evaluation;

internal enum MathKind
{
    Number,
    Symbol,
    Constant, // pi, E or i with its value
    Infinity, // the positive one
    Sum,
    Product,
    Power, // base and exponent; a quotient has the exponent -1, a root a fraction
    Call,
    Relation, // two sides of =, < and so on
    List, // values in order; its name is the kind of brackets, where that matters
    Set,
    Matrix, // rows, which are lists
}

internal sealed class MathNode
{
    private readonly Lazy<string> _text;

    private MathNode(MathKind kind, string name, IReadOnlyList<MathNode> children, BigInteger above = default, BigInteger below = default)
    {
        (Kind, Name, Children, Numerator, Denominator) = (kind, name, children, above, below);
        HasSymbols = kind == MathKind.Symbol || (kind == MathKind.Call && !MathFunctions.IsKnown(name))
            || children.Any(child => child.HasSymbols);
        _text = new Lazy<string>(Write);
    }

    public static MathNode MinusOne { get; } = Number(BigInteger.MinusOne);

    public MathKind Kind { get; }

    /// <summary>Name of a symbol, constant or function; operator of a relation.</summary>
    public string Name { get; }

    /// <summary>Terms, factors, arguments, sides or entries.</summary>
    public IReadOnlyList<MathNode> Children { get; }

    /// <summary>Of a number; the denominator is positive.</summary>
    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    /// <summary>A text that is the same for two expressions that differ in the order of terms and factors only.</summary>
    public string Text => _text.Value;

    /// <summary>Whether the value depends on a variable or an unknown function.</summary>
    public bool HasSymbols { get; }

    public bool IsDecimal { get; private init; }

    public static MathNode Number(BigInteger above, BigInteger? below = null, bool isDecimal = false)
    {
        var divisor = below is { } given ? BigInteger.GreatestCommonDivisor(above, given) : BigInteger.One;
        return new MathNode(MathKind.Number, "", [], above / divisor, (below ?? BigInteger.One) / divisor) { IsDecimal = isDecimal };
    }

    /// <summary>A decimal number: digits with at most one point.</summary>
    public static MathNode Decimal(string digits)
    {
        int point = digits.IndexOf('.', StringComparison.Ordinal), places = point < 0 ? 0 : digits.Length - point - 1;
        var number = BigInteger.Parse("0" + digits.Remove("."), NumberStyles.None, CultureInfo.InvariantCulture);
        return Number(number, BigInteger.Pow(10, places), isDecimal: point >= 0);
    }

    /// <summary>A decimal number, exactly.</summary>
    public static MathNode Decimal(double number)
    {
        var exponent = number == 0 ? 0 : Math.ILogB(number) - 52;
        var whole = new BigInteger(Math.ScaleB(number, -exponent));
        return exponent >= 0 ? Number(whole << exponent) : Number(whole, BigInteger.One << -exponent);
    }

    public static MathNode Symbol(string name) => new(MathKind.Symbol, name, []);

    public static MathNode Of(MathKind kind, params IReadOnlyList<MathNode> children) => new(kind, "", children);

    public static MathNode Named(MathKind kind, string name, params IReadOnlyList<MathNode> children) => new(kind, name, children);

    public static MathNode Call(string name, params IReadOnlyList<MathNode> arguments) => new(MathKind.Call, name, arguments);

    public MathNode With(IReadOnlyList<MathNode> children) => new(Kind, Name, children, Numerator, Denominator);

    public MathNode Negate() => Kind == MathKind.Number
        ? new MathNode(Kind, Name, Children, -Numerator, Denominator) { IsDecimal = IsDecimal } : Of(MathKind.Product, MinusOne, this);

    public MathNode Invert() => Of(MathKind.Power, this, MinusOne);

    private string Write()
    {
        string Joined(IEnumerable<string> parts, string between) => "(" + string.Join(between, parts) + ")";
        var children = Children.Select(child => child.Text);
        return Kind switch
        {
            MathKind.Number => Denominator.IsOne ? Numerator.ToString(CultureInfo.InvariantCulture) : $"{Numerator}/{Denominator}",
            MathKind.Symbol or MathKind.Constant => Name,
            MathKind.Infinity => "oo",
            MathKind.Sum => Joined(children.Order(StringComparer.Ordinal), "+"),
            MathKind.Product => Name + Joined(children.Order(StringComparer.Ordinal), "*"),
            MathKind.Power => Joined(children, "^"),
            MathKind.Relation => Joined(children, Name),
            MathKind.Set => "{" + Joined(children.Order(StringComparer.Ordinal), ",") + "}",
            _ => Name + Kind + Joined(children, ","),
        };
    }
}
