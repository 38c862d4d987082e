using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>Python's operators on template values.</summary>
internal static class Operators
{
    internal static bool Truth(object? value) => value switch
    {
        null or Undefined or false => false,
        true => true,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        SafeText text => text.Value.Length > 0,
        Sequence sequence => sequence.Items.Count > 0,
        Dict dict => dict.Count > 0,
        _ => true,
    };

    internal static object? Apply(string op, object? left, object? right, Budget budget)
    {
        Defined(left);
        Defined(right);
        if (op == "%" && Text(left) is { } format)
            return Formatting.Percent(format, right, budget);
        if (Integer(left) is { } a && Integer(right) is { } b)
            return Integers(op, a, b);
        if (Number(left) is { } x && Number(right) is { } y)
            return Floats(op, x, y);
        switch (op)
        {
            case "+" when left is SafeText || right is SafeText:
                if (Text(left) is not null && Text(right) is not null)
                    return new SafeText(Join(Escape(left), Escape(right), budget));
                break;
            case "+" when left is string l && right is string r:
                return Join(l, r, budget);
            case "+" when left is string:
                throw new RenderException($"can only concatenate str (not \"{PyText.TypeName(right)}\") to str");
            case "+" when left is Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } l && right is Sequence r && l.Kind == r.Kind:
                budget.Grow((l.Items.Count + r.Items.Count) * 4L);
                return new Sequence(l.Kind, [.. l.Items, .. r.Items]);
            case "*" when Integer(right) is { } times:
                return Repeat(left, times, budget);
            case "*" when Integer(left) is { } times:
                return Repeat(right, times, budget);
        }
        throw new RenderException($"unsupported operand types for {op}: '{PyText.TypeName(left)}' and '{PyText.TypeName(right)}'");
    }

    internal static object Negate(object? value, bool minus)
    {
        Defined(value);
        if (Integer(value) is { } number)
            return minus ? -number : number;
        return value is double real ? minus ? -real : real
            : throw new RenderException($"bad operand type for unary {(minus ? '-' : '+')}: '{PyText.TypeName(value)}'");
    }

    internal static bool Compare(string op, object? left, object? right, Budget budget) => op switch
    {
        "==" => AreEqual(left, right, budget),
        "!=" => !AreEqual(left, right, budget),
        "in" => Contains(right, left, budget),
        "not in" => !Contains(right, left, budget),
        "<" => Order(left, right, op, budget) < 0,
        "<=" => Order(left, right, op, budget) <= 0, // NotANumber is above 0
        ">" => Order(left, right, op, budget) is > 0 and < NotANumber,
        _ => Order(left, right, op, budget) is >= 0 and < NotANumber,
    };

    internal static bool AreEqual(object? left, object? right, Budget budget)
    {
        Budget.CheckStack();
        budget.Step();
        if (Integer(left) is { } a && Integer(right) is { } b)
            return a == b;
        if (Number(left) is { } x && Number(right) is { } y)
            return CompareNumbers(left, right, x, y) == 0;
        switch (left, right)
        {
            case (string or SafeText, string or SafeText):
                return string.Equals(Text(left), Text(right), StringComparison.Ordinal);
            case (Undefined, Undefined):
                return true;
            case (Sequence l, Sequence r):
                if (l.Kind != r.Kind || l.Items.Count != r.Items.Count)
                    return false;
                for (var i = 0; i < l.Items.Count; i++)
                {
                    if (!AreEqual(l.Items[i], r.Items[i], budget))
                        return false;
                }
                return true;
            case (Dict l, Dict r):
                return l.Count == r.Count && l.Items.All(item => r.TryGet(item.Key, out var value) && AreEqual(item.Value, value, budget));
            default:
                return ReferenceEquals(left, right);
        }
    }

    // Above any real result, so that no comparison with NaN holds.
    private const int NotANumber = 2;

    /// <summary>Below, at or above 0, or <see cref="NotANumber"/>.</summary>
    internal static int Order(object? left, object? right, string op, Budget budget)
    {
        Budget.CheckStack();
        budget.Step();
        Defined(left);
        Defined(right);
        if (Number(left) is { } x && Number(right) is { } y)
            return CompareNumbers(left, right, x, y);
        if (Text(left) is { } a && Text(right) is { } b)
            return Math.Sign(CodePoints.Compare(a, b));
        if (left is Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } l && right is Sequence r && l.Kind == r.Kind)
        {
            for (var i = 0; i < Math.Min(l.Items.Count, r.Items.Count); i++)
            {
                if (!AreEqual(l.Items[i], r.Items[i], budget))
                    return Order(l.Items[i], r.Items[i], op, budget);
            }
            return l.Items.Count.CompareTo(r.Items.Count);
        }
        throw new RenderException($"'{op}' not supported between '{PyText.TypeName(left)}' and '{PyText.TypeName(right)}'");
    }

    private static int CompareNumbers(object? left, object? right, double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
            return NotANumber;
        if (Integer(left) is { } a && Integer(right) is { } b)
            return Math.Sign(a.CompareTo(b));
        return Math.Sign(x.CompareTo(y));
    }

    internal static bool Contains(object? container, object? value, Budget budget)
    {
        switch (container)
        {
            case string or SafeText:
                return Text(value) is { } part ? Text(container)!.Contains(part, StringComparison.Ordinal)
                    : throw new RenderException($"'in <string>' requires string as left operand, not {PyText.TypeName(value)}");
            case Dict dict:
                return dict.TryGet(value, out _);
            case Undefined:
                return false;
            default:
                return Iterate(container, budget).Any(item => AreEqual(item, value, budget));
        }
    }

    /// <summary>The items that a loop over a value sees.</summary>
    internal static IReadOnlyList<object?> Iterate(object? value, Budget budget)
    {
        switch (value)
        {
            case Sequence sequence:
                return sequence.Items;
            case Dict dict:
                return [.. dict.Items.Select(item => item.Key)];
            case OneShot generator:
                return generator.Take();
            case Undefined:
                return [];
            case string or SafeText:
                var text = Text(value)!;
                budget.Grow(text.Length * 16L);
                return CodePoints.Split(text);
            default:
                throw new RenderException($"'{PyText.TypeName(value)}' object is not iterable");
        }
    }

    internal static int Length(object? value) => value switch
    {
        string text => CodePoints.Length(text),
        SafeText text => CodePoints.Length(text.Value),
        Sequence sequence => sequence.Items.Count,
        Dict dict => dict.Count,
        Undefined => 0,
        _ => throw new RenderException($"object of type '{PyText.TypeName(value)}' has no len()"),
    };

    /// <summary>An error that explains why the value is undefined, if it is.</summary>
    internal static void Defined(object? value)
    {
        if (value is Undefined undefined)
            throw new RenderException(undefined.Hint);
    }

    internal static string? Text(object? value) => value as string ?? (value as SafeText)?.Value;

    internal static BigInteger? Integer(object? value) => value switch
    {
        BigInteger number => number,
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    internal static double? Number(object? value) => value is double number ? number : (double?)Integer(value);

    /// <summary>An integer that fits, for indexes and counts.</summary>
    internal static int Int32(object? value, string what)
    {
        Defined(value);
        var number = Integer(value) ?? throw new RenderException($"{what} must be an integer, not '{PyText.TypeName(value)}'");
        return number >= int.MinValue && number <= int.MaxValue ? (int)number : throw new RenderException($"{what} is out of range");
    }

    internal static string Escape(object? value) => value is SafeText safe ? safe.Value : Text(value)!
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string Join(string left, string right, Budget budget)
    {
        budget.Grow(left.Length + right.Length);
        return left + right;
    }

    private static object? Repeat(object? value, BigInteger times, Budget budget)
    {
        var count = times.Sign <= 0 ? 0 : times < int.MaxValue ? (int)times : int.MaxValue;
        switch (value)
        {
            case string or SafeText:
                var text = Text(value)!;
                budget.Grow((long)text.Length * count);
                return text.Length == 1 ? new string(text[0], count)
                    : new System.Text.StringBuilder().Insert(0, text, text.Length == 0 ? 0 : count).ToString();
            case Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } sequence:
                budget.Grow(4L * sequence.Items.Count * count);
                return new Sequence(sequence.Kind, sequence.Items.Count == 0 ? []
                    : [.. Enumerable.Repeat(sequence.Items, count).SelectMany(i => i)]);
            default:
                throw new RenderException($"can't multiply sequence by non-int of type '{PyText.TypeName(value)}'");
        }
    }

    private static object Integers(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+": return Bounded(a + b);
            case "-": return Bounded(a - b);
            case "*": return Bounded(a * b);
            case "/": return (double)a / (double)NotZero(b);
            case "//":
                var quotient = BigInteger.DivRem(a, NotZero(b), out var rest);
                return rest.Sign != 0 && (rest.Sign < 0) != (b.Sign < 0) ? quotient - 1 : quotient;
            case "%":
                var remainder = BigInteger.Remainder(a, NotZero(b));
                return remainder.Sign != 0 && (remainder.Sign < 0) != (b.Sign < 0) ? remainder + b : remainder;
            default:
                if (b.Sign < 0)
                    return Math.Pow((double)NotZero(a), (double)b);
                if (a.GetBitLength() > 1 && b * a.GetBitLength() > Budget.MaxIntegerBits)
                    throw new RenderException("an integer becomes too large");
                return a.IsOne || a.IsZero || a == BigInteger.MinusOne ? BigInteger.Pow(a, b.IsZero ? 0 : b.IsEven ? 2 : 1)
                    : BigInteger.Pow(a, (int)b);
        }
    }

    private static BigInteger NotZero(BigInteger value) => value.IsZero ? throw new RenderException("division by zero") : value;

    private static BigInteger Bounded(BigInteger value) =>
        value.GetBitLength() <= Budget.MaxIntegerBits ? value : throw new RenderException("an integer becomes too large");

    private static object Floats(string op, double x, double y)
    {
        if (op is "/" or "//" or "%" && y == 0)
            throw new RenderException("float division by zero");
        switch (op)
        {
            case "+": return x + y;
            case "-": return x - y;
            case "*": return x * y;
            case "/": return x / y;
            case "//": return Math.Floor((x - Modulo(x, y)) / y);
            case "%": return Modulo(x, y);
            default:
                if (x < 0 && !double.IsInteger(y))
                    throw RenderException.Unsupported("a complex number");
                return x == 0 && y < 0 ? throw new RenderException("0.0 cannot be raised to a negative power") : Math.Pow(x, y);
        }
    }

    private static double Modulo(double x, double y)
    {
        var rest = x % y;
        return rest == 0 ? Math.CopySign(0, y) : rest < 0 != y < 0 ? rest + y : rest;
    }
}
