namespace LightReasoner.Worker.Evaluation;

/// <summary>Whether two answers are the same, by the rules of the Qwen2.5-Math evaluation (<c>math_equal</c>), in its order.</summary>
internal sealed partial class MathEquality
{
    private const double Tolerance = 1e-4;

    // Characters that are read as mathematics for one pair: a bound on the work for answers that are nested lists of lists.
    private int _budget = 200_000;

    public static bool Published(string prediction, string truth) => new MathEquality().AreEqual(prediction, truth);

    /// <summary>
    /// The published verdict but for what it is plainly wrong about: brackets of half-open and unbounded intervals, signs of inequalities,
    /// and decimals that are set against π or against a power of ten.
    /// </summary>
    public static bool Corrected(string prediction, string truth)
    {
        if (BySimpleRules(prediction, truth) is { } verdict) return verdict;
        (prediction, truth) = (prediction.Trim(), truth.Trim());
        return Published(prediction, truth) ? !HaveOtherBrackets(prediction, truth) && !HaveOtherSigns(prediction, truth)
            : IsDecimalOf(prediction, truth) || IsDecimalOf(truth, prediction);
    }

    /// <summary>By text, choice or number alone; null where these do not decide.</summary>
    private static bool? BySimpleRules(string prediction, string truth)
    {
        if (Same(prediction.Trim(), truth.Trim())) return true;
        if (truth is ['A' or 'B' or 'C' or 'D' or 'E'] && AnswerExtraction.Letter(prediction, first: false) == truth) return true;
        if (Number(prediction) is { } number && Number(truth) is { } right) return IsCloseOrPercent(number, right);
        return prediction.Length == 0 ? false : null;
    }

    private bool AreEqual(string prediction, string truth)
    {
        if (BySimpleRules(prediction, truth) is { } verdict) return verdict;
        (prediction, truth) = (prediction.Trim(), truth.Trim());
        if (prediction.Contains("pmatrix", StringComparison.Ordinal) && !truth.Contains("pmatrix", StringComparison.Ordinal))
            truth = ColumnOf(truth);
        var otherBrackets = (prediction is ['[', .., ']'] && truth is not ['(', .., ')'])
            || (prediction is ['(', .., ')'] && truth is not ['[', .., ']']);
        if (Same(WithoutBrackets(prediction, otherBrackets), WithoutBrackets(truth, otherBrackets))) return true;
        if (Bracketed().IsMatch(prediction) && Bracketed().IsMatch(truth)
            && AllEqual(prediction[1..^1].Split(','), truth[1..^1].Split(','))) return true;
        if (Rows(prediction) is { } rows && Rows(truth) is { } others && rows.Length == others.Length
            && rows.Zip(others).All(pair => AllEqual(pair.First.Split('&'), pair.Second.Split('&')))) return true;
        var equal = (prediction.Split('='), truth.Split('=')) switch
        {
            ([var left, var right], [var trueLeft, var trueRight]) =>
                AreSameEquation($"{left.Trim()} - ({right.Trim()})", $"{trueLeft.Trim()} - ({trueRight.Trim()})"),
            ([var name, var value], [_]) when name.Trim().Length <= 2 => AreEqual(value, truth),
            ([_], [var name, var value]) when name.Trim().Length <= 2 => AreEqual(prediction, value),
            _ => false,
        };
        return equal || AreSymbolicallyEqual(prediction, truth);
    }

    private bool AreSameEquation(string one, string other) =>
        AreSymbolicallyEqual(one, other) || AreSymbolicallyEqual($"-({one})", other);

    private bool AreSymbolicallyEqual(string one, string other)
    {
        _budget -= one.Length + other.Length;
        if (_budget < 0) return false;
        return Read(one) is { } a && Read(other) is { } b ? AreSame(a, b) : one == other;
    }

    private static MathNode? Read(string text)
    {
        var single = text.Swap(@"\\", @"\");
        return LatexReader.Read(single, LatexDialect.Sympy) ?? LatexReader.Read(text, LatexDialect.Sympy)
            ?? (Float(text) is { } number && double.IsFinite(number) ? MathNode.Decimal(number) : null)
            ?? LatexReader.Read(single, LatexDialect.Fallback) ?? LatexReader.Read(text, LatexDialect.Fallback);
    }

    private static bool AreSame(MathNode a, MathNode b)
    {
        if (a.Text == b.Text) return true;
        (a, b) = (Scaled(a), Scaled(b));
        switch (a.Kind, b.Kind)
        {
            case (MathKind.Set, MathKind.Set):
                return a.Children.Count == b.Children.Count && a.Children.All(entry => b.Children.Any(other => AreSame(entry, other)));
            case (MathKind.List or MathKind.Set, _) or (_, MathKind.List or MathKind.Set):
                return a.Kind == b.Kind && a.Name == b.Name && AllPairs(a, b, AreSame);
            case (MathKind.Matrix, MathKind.Matrix):
                return AllPairs(a, b, (row, otherRow) => AllPairs(row, otherRow, AreSameCells));
            case (MathKind.Relation, MathKind.Relation):
                MathNode one = Difference(a), other = Difference(b);
                return MathValue.AreIdentical(one, other) || MathValue.AreIdentical(one, other.Negate());
            case (MathKind.Matrix or MathKind.Relation, _) or (_, MathKind.Matrix or MathKind.Relation):
                return false;
            default:
                return MathValue.AreIdentical(a, b)
                    || (MathValue.Real(a) is { } value && MathValue.Real(b) is { } right && IsClose(value, right));
        }
    }

    private static bool AreSameCells(MathNode one, MathNode other) => MathValue.AreIdentical(one, other)
        || (MathValue.Real(one) is { } value && MathValue.Real(other) is { } right && Math.Round(value, 3) == Math.Round(right, 3));

    private static bool AllPairs(MathNode a, MathNode b, Func<MathNode, MathNode, bool> same) =>
        a.Children.Count == b.Children.Count && a.Children.Zip(b.Children).All(pair => same(pair.First, pair.Second));

    /// <summary>A number times a matrix as a matrix.</summary>
    private static MathNode Scaled(MathNode product) =>
        product.Kind == MathKind.Product && product.Children.Where(c => c.Kind == MathKind.Matrix).ToArray() is [var matrix]
            ? matrix.With([.. matrix.Children.Select(row => row.With(
                [.. row.Children.Select(cell => MathNode.Of(MathKind.Product, [cell, .. product.Children.Where(c => c != matrix)]))]))])
            : product;

    private static bool HaveOtherBrackets(string one, string other)
    {
        if (Interval().Match(one) is not { Success: true } a || Interval().Match(other) is not { Success: true } b) return false;
        string brackets = a.Groups[1].Value + a.Groups[2].Value, others = b.Groups[1].Value + b.Groups[2].Value;
        // (1,2) may be a point, and [1,2] a list.
        var areIntervals = brackets is "(]" or "[)" || others is "(]" or "[)"
            || (one + other).Contains(@"\infty", StringComparison.Ordinal);
        return areIntervals && brackets != others;
    }

    private static bool HaveOtherSigns(string one, string other) =>
        LatexReader.Read(one, LatexDialect.Plain) is { Kind: MathKind.Relation } a
        && LatexReader.Read(other, LatexDialect.Plain) is { Kind: MathKind.Relation } b
        && (Sign(a) != Sign(b) || (Sign(a) is "<" or "≤" && !MathValue.AreIdentical(Difference(a), Difference(b))));

    /// <summary>Whether a text is a decimal, and another one with π or a power of ten has its value.</summary>
    private static bool IsDecimalOf(string number, string expression) => Float(number) is { } value
        && (expression.Contains(@"\pi", StringComparison.Ordinal) || TimesPowerOfTen().IsMatch(expression))
        && LatexReader.Read(expression, LatexDialect.Plain) is { } node && MathValue.Real(node) is { } right && IsClose(value, right);

    private static string Sign(MathNode relation) => relation.Name switch { ">" => "<", "≥" => "≤", var sign => sign };

    /// <summary>The side that is to be the smaller less the other; the left one less the right one of an equation.</summary>
    private static MathNode Difference(MathNode relation)
    {
        var (left, right) = (relation.Children[0], relation.Children[1]);
        return relation.Name is ">" or "≥" ? MathNode.Of(MathKind.Sum, right, left.Negate())
            : MathNode.Of(MathKind.Sum, left, right.Negate());
    }

    private bool AllEqual(string[] predictions, string[] truths) => predictions.Length == truths.Length
        && predictions.Zip(truths).All(pair => AreEqual(pair.First, pair.Second));

    private static bool Same(string one, string other) =>
        string.Equals(one.ToLowerInvariant(), other.ToLowerInvariant(), StringComparison.Ordinal);

    private static bool IsClose(double a, double b) => a == b
        || (double.IsFinite(a) && double.IsFinite(b) && Math.Abs(a - b) <= Tolerance * Math.Max(Math.Abs(a), Math.Abs(b)));

    private static bool IsCloseOrPercent(double value, double truth) => IsClose(value, truth / 100) || IsClose(value, truth)
        || IsClose(value, truth * 100);

    /// <summary>A number as Python's <c>float</c> reads it, commas dropped, or a percentage.</summary>
    private static double? Number(string text)
    {
        text = text.Remove(",");
        if (Float(text) is { } number) return number;
        return text.EndsWith('%') && Float(text[..^1].EndsWith('\\') ? text[..^2] : text[..^1]) is { } percentage ? percentage / 100 : null;
    }

    private static double? Float(string text)
    {
        text = text.Trim();
        if (PythonFloat().IsMatch(text))
        {
            var digits = text.Remove("_").Select(c => char.IsDigit(c) ? (char)('0' + (int)char.GetNumericValue(c)) : c);
            return double.Parse(string.Concat(digits), CultureInfo.InvariantCulture);
        }
        return text.TrimStart('+').ToLowerInvariant() switch
        {
            "inf" or "infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            "nan" or "-nan" => double.NaN,
            _ => null,
        };
    }

    private static string WithoutBrackets(string text, bool outer) =>
        (outer ? text.Trim('[', ']', '(', ')') : text).Remove("{").Remove("}").Remove("(").Remove(")");

    /// <summary><c>{1,2}</c> as a column (with single backslashes, as published).</summary>
    private static string ColumnOf(string set) =>
        string.Join(", ", Braced().Matches(set).Select(match =>
            $@"\begin{{pmatrix}}{match.Value.Trim('{', '}').Replace(',', '\\')}\end{{pmatrix}}"));

    private static string[]? Rows(string text) => Matrix().Match(text) is { Success: true } matrix
        ? matrix.Groups[1].Value.Split(@"\\", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : null;

    [GeneratedRegex(@"^[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?\z")]
    private static partial Regex PythonFloat();

    [GeneratedRegex(@"^([(\[])[^,]*,[^,]*([)\]])\z")]
    private static partial Regex Interval();

    [GeneratedRegex(@"^-?[\d.]+\s*(\\times|\\cdot|\*)\s*10\s*\^")]
    private static partial Regex TimesPowerOfTen();

    [GeneratedRegex(@"^\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}\z", RegexOptions.Singleline)]
    private static partial Regex Matrix();

    [GeneratedRegex(@"^[(\[].+[)\]]")]
    private static partial Regex Bracketed();

    [GeneratedRegex(@"\{.*,.*\}")]
    private static partial Regex Braced();
}
