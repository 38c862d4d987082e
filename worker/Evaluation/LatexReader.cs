namespace LightReasoner.Worker.Evaluation;

/// <summary>
/// Reads LaTeX mathematics by recursive descent. Where an operator or bracket cannot be continued the expression ends before it, as in the
/// published evaluation's parsers: <c>2^(3)</c> is 2 there.
/// </summary>
internal sealed partial class LatexReader
{
    private const int MaxDepth = 100, MaxLength = 4000;

    private static readonly HashSet<string> NotSymbols =
    [
        @"\frac", @"\binom", @"\sqrt", @"\overline", @"\lfloor", @"\rfloor", @"\lceil", @"\rceil", @"\langle", @"\rangle", @"\lim",
        @"\int", @"\sum", @"\prod", @"\mathit", @"\to", @"\rightarrow", @"\Rightarrow", @"\longrightarrow", @"\Longrightarrow",
        @"\{", @"\}", @"\left|", @"\right|", "\\\\",
    ];

    private readonly LatexDialect _dialect;
    private readonly List<string> _tokens;
    private readonly HashSet<int> _dead = [];
    private readonly bool _python;
    private int _at, _depth, _bars;
    private bool _failed;

    private LatexReader(string text, LatexDialect dialect)
    {
        _python = dialect == LatexDialect.Fallback && PythonExpression().IsMatch(text);
        (_dialect, _tokens) = (dialect, LatexTokens.Of(text, dialect, _python));
    }

    private string Next => _at < _tokens.Count ? _tokens[_at] : "end";

    /// <summary>The expression that a text begins with, in plain LaTeX all of it; null without one, or if it is too long or deep.</summary>
    public static MathNode? Read(string text, LatexDialect dialect)
    {
        if (text.Length > MaxLength || (dialect == LatexDialect.Fallback && text.StartsWith('~'))) return null; // ~5 is -6 in Python
        var reader = new LatexReader(text, dialect);
        var node = dialect == LatexDialect.Fallback ? reader.Lists() : reader.Relation();
        var all = dialect == LatexDialect.Plain || reader._python;
        // The last resort looks one token further than where it stops.
        var stuck = reader.Next == LatexTokens.Error
            || (dialect == LatexDialect.Fallback && reader._tokens.ElementAtOrDefault(reader._at + 1) == LatexTokens.Error);
        return reader._failed || stuck || (all && reader._at < reader._tokens.Count) ? null : node;
    }

    /// <summary>Values separated by commas, in brackets or braces or none.</summary>
    private MathNode? Lists()
    {
        var whole = Try(Collection);
        if (whole is not null && (_at == _tokens.Count || !_python)) return whole;
        _at = 0;
        return Entries();
    }

    private MathNode? Collection()
    {
        string open = Next, close = Closing(open);
        if (close.Length == 0 || (open == "(" && !_python) || Deeper(() => Skip(Entries)) is not { Kind: MathKind.List } list) return null;
        if (!Take(close)) return null;
        return open == "{" && _python ? MathNode.Of(MathKind.Set, list.Children)
            : MathNode.Named(MathKind.List, open == "(" ? open : "", list.Children);
    }

    private static string Closing(string open) => open switch { "(" => ")", "[" => "]", "{" => "}", @"\{" => @"\}", _ => "" };

    private MathNode? Entries()
    {
        if (Entry() is not { } first) return null;
        List<MathNode> entries = [first];
        while (!_failed && Try(() => Take(",") ? Entry() : null) is { } next) entries.Add(next);
        return entries.Count == 1 ? first : MathNode.Named(MathKind.List, _python ? "(" : "", entries);
    }

    private MathNode? Entry() => (_python ? Try(Collection) : null) ?? Relation();

    private MathNode? Relation()
    {
        var left = Additive();
        for (int links = 0; left is not null && Next is "=" or "<" or ">" or "≤" or "≥" or "≠"; links++)
        {
            if (links > MaxDepth) return Fail();
            var sign = Next;
            if (Skip(Additive) is not { } right) return Fail();
            var nested = _dialect == LatexDialect.Sympy && left.Kind == MathKind.Relation;
            // sympy takes a chain of equations for false and refuses a chain of inequalities.
            if (nested && sign != "=") return Fail();
            left = nested ? MathNode.Symbol("False") : MathNode.Named(MathKind.Relation, sign, left, right);
        }
        return left;
    }

    private MathNode? Additive() => Chain(MathKind.Sum, () => Product(functions: true), "+", "-", term => term.Negate());

    /// <param name="functions">Whether a function may come after the first factor without a sign: not in the argument of another.</param>
    private MathNode? Product(bool functions) => Chain(MathKind.Product, () => Unary(functions), "*", "/", factor => factor.Invert());

    /// <summary>Operands with signs between them.</summary>
    private MathNode? Chain(MathKind kind, Func<MathNode?> operand, string sign, string inverse, Func<MathNode, MathNode> invert)
    {
        if (operand() is not { } first) return null;
        List<MathNode> operands = [first];
        while (!_failed && (Next == sign || Next == inverse))
        {
            var inverted = Next == inverse;
            if (Try(() => Skip(operand)) is not { } next) break;
            operands.Add(inverted ? invert(next) : next);
        }
        return operands.Count == 1 ? first : MathNode.Of(kind, operands);
    }

    private MathNode? Unary(bool functions)
    {
        if (Next is not ("+" or "-")) return Juxtaposed(functions);
        var minus = Next == "-";
        var value = Deeper(() => Skip(() => Unary(functions)));
        return minus ? value?.Negate() : value;
    }

    private MathNode? Juxtaposed(bool functions)
    {
        if (Postfix(functions: true) is not { } first) return null;
        List<MathNode> factors = [first];
        while (!_failed && StartsFactor(functions) && Try(() => Postfix(functions)) is { } factor) factors.Add(factor);
        // "2 x 3" is a product.
        for (int i = 1; i + 1 < factors.Count; i++)
            if (factors[i] is { Kind: MathKind.Symbol, Name: "x" } && !factors[i - 1].HasSymbols
                && !factors[i + 1].HasSymbols) factors.RemoveAt(i);
        // The published last resort flattens long products, which then are not the same text as others of the same factors.
        var flat = _dialect == LatexDialect.Fallback && (factors.Count > 2 || factors.Any(factor => factor.Kind == MathKind.Product));
        return factors.Count == 1 ? factors[0] : MathNode.Named(MathKind.Product, flat ? "flat" : "", factors);
    }

    private bool StartsFactor(bool functions) => Next switch
    {
        LatexTokens.Error or "(" or "[" or "{" or @"\{" or @"\frac" or @"\binom" or @"\lfloor" or @"\lceil" or @"\mathit" => true,
        "|" => _bars == 0,
        @"\sqrt" or @"\overline" => functions,
        ['\\', .. var name] when _dialect != LatexDialect.Sympy && (name == "begin" || LatexTokens.Accents.Contains(name)) => true,
        "." => _dialect == LatexDialect.Plain,
        var token when LatexTokens.Functions.Contains(token.TrimStart('\\')) && token[0] == '\\' => functions,
        var token => IsDigit(token) || IsSymbol(token),
    };

    private MathNode? Postfix(bool functions)
    {
        var value = Atom(functions);
        var steps = 0;
        while (value is not null && !_failed)
        {
            if (++steps > MaxDepth) return Fail();
            if (Next == "^" && Try(() => Skip(Exponent)) is { } exponent)
            {
                if (Next == "_") _ = Try(() => Skip(Exponent));
                value = Opaque(MathNode.Of(MathKind.Power, value, exponent));
            }
            else if (Next == "!")
            {
                _at++;
                value = Opaque(MathNode.Call("factorial", value));
            }
            else if (Next is "%" or @"\%" && _dialect != LatexDialect.Sympy)
            {
                _at++;
                value = MathNode.Of(MathKind.Product, value, MathNode.Number(1, 100));
            }
            else break;
        }
        return value;
    }

    /// <summary>What stands behind <c>^</c> or <c>_</c>: an atom, or an expression in braces.</summary>
    private MathNode? Exponent() => Next == "{" ? Group("{", "}")
        : _dialect == LatexDialect.Plain && Next is "-" ? Skip(Exponent)?.Negate()
        : _dialect == LatexDialect.Plain && Next is "(" ? Group("(", ")")
        : IsSymbol(Next) || IsDigit(Next) || Next is @"\frac" or @"\binom" or @"\mathit" ? Atom(functions: false)
        : null;

    private MathNode? Atom(bool functions)
    {
        switch (Next)
        {
            case LatexTokens.Error:
                return Fail();
            case "(" or "[" or "{" or @"\{":
                return Group(Next, Closing(Next));
            case @"\lfloor":
                return Group(@"\lfloor", @"\rfloor") is { } floor ? Opaque(MathNode.Call("floor", floor)) : null;
            case @"\lceil":
                return Group(@"\lceil", @"\rceil") is { } ceil ? Opaque(MathNode.Call("ceil", ceil)) : null;
            case "|":
                _bars++;
                var inside = Group("|", "|");
                _bars--;
                return inside is null ? null : Opaque(MathNode.Call("abs", inside));
            case @"\frac":
                _at++;
                return DigitOrGroup() is { } above && DigitOrGroup() is { } below
                    ? MathNode.Of(MathKind.Product, above, below.Invert()) : null;
            case @"\binom":
                _at++;
                return Group("{", "}") is { } n && Group("{", "}") is { } k ? Opaque(MathNode.Call("binomial", n, k)) : null;
            case @"\sqrt" when functions:
                _at++;
                var root = Next == "[" ? Group("[", "]") : MathNode.Number(2);
                if (root is null || (_dialect == LatexDialect.Plain ? DigitOrGroup() : Group("{", "}")) is not { } radicand) return null;
                return MathNode.Of(MathKind.Power, radicand,
                    root.Kind == MathKind.Number ? MathNode.Number(root.Denominator, root.Numerator) : root.Invert());
            case @"\overline" when functions:
                _at++;
                return Group("{", "}") is { } bar ? Opaque(MathNode.Call("conjugate", bar)) : null;
            case @"\mathit":
                _at++;
                if (!Take("{")) return null;
                var name = Letters();
                return Take("}") ? MathNode.Symbol(name) : null;
            case @"\begin" when _dialect != LatexDialect.Sympy:
                return Matrix();
            case var token when _dialect != LatexDialect.Sympy && token.Length > 1 && LatexTokens.Accents.Contains(token[1..]):
                return Accent();
            case var token when token.Length > 1 && LatexTokens.Functions.Contains(token[1..]):
                return functions ? Deeper(Function) : null;
            case var token when IsDigit(token) || token == ".":
                return Number();
            case var token when IsSymbol(token):
                return SymbolOrCall(functions);
            default:
                return null;
        }
    }

    private MathNode? Number()
    {
        var digits = While(IsDigit);
        // Groups of three digits behind commas, as long as there are any.
        while (digits.Length > 0 && Next == "," && _at + 3 < _tokens.Count && Enumerable.Range(1, 3).All(i => IsDigit(_tokens[_at + i])))
        {
            digits += string.Concat(_tokens[(_at + 1)..(_at + 4)]);
            _at += 4;
        }
        if (Next == "." && (digits.Length > 0 || _dialect == LatexDialect.Plain) && _at + 1 < _tokens.Count && IsDigit(_tokens[_at + 1]))
        {
            _at++;
            digits += "." + While(IsDigit);
        }
        else if (_dialect == LatexDialect.Sympy && digits is ['0', _, ..]) return Fail(); // Python has no whole number with a leading zero
        if (Next == "." && digits.Length > 0)
        {
            // sympy loses the last digit before a point that leads nowhere, and all that follows; a lone digit it refuses.
            if (_dialect == LatexDialect.Plain || _python) _at++;
            else if (_dialect == LatexDialect.Fallback) _tokens[_at] = "end";
            else if (digits.Length > 1 && digits[^2] != '.') (digits, _tokens[_at]) = (digits[..^1], "end");
            else if (!digits.Contains('.', StringComparison.Ordinal)) return Fail();
        }
        return digits.Length > 0 ? MathNode.Decimal(digits) : null;
    }

    private string Letters() => While(token => token.Length == 1 && char.IsAsciiLetter(token[0]));

    private string While(Predicate<string> belongs)
    {
        var start = _at;
        while (belongs(Next)) _at++;
        return string.Concat(_tokens[start.._at]);
    }

    private MathNode? SymbolOrCall(bool functions)
    {
        var name = _tokens[_at++].TrimStart('\\');
        if (name == "infty") return MathNode.Of(MathKind.Infinity);
        if (name.Length > 1 && _tokens[_at - 1][0] == 'd') name = "d" + name[1..].Trim().TrimStart('\\');
        else name += Subscript();
        if (functions && !(_dialect == LatexDialect.Plain && name.Length == 1) && Try(Arguments) is { } arguments)
            return Opaque(MathNode.Call(name, arguments.Children));
        return name switch
        {
            "pi" when _dialect != LatexDialect.Sympy => MathNode.Named(MathKind.Constant, "pi"),
            "e" when _dialect != LatexDialect.Sympy => MathNode.Named(MathKind.Constant, "E"),
            "i" when _dialect == LatexDialect.Plain => MathNode.Named(MathKind.Constant, "i"),
            _ => MathNode.Symbol(name),
        };
    }

    private string Subscript()
    {
        var name = Quotes();
        if (Next == "_")
        {
            if (Skip(Exponent) is not { } subscript) _failed = true;
            else name += _dialect == LatexDialect.Fallback && subscript.Text.Length == 1 ? "_" + subscript.Text
                : "_{" + subscript.Text + "}";
        }
        return name + Quotes();
    }

    private string Quotes() => While(token => token == "'");

    private MathNode? Arguments() => Bracketed("(", ")", () =>
    {
        List<MathNode> arguments = [];
        do
        {
            if (Additive() is not { } argument) return null;
            arguments.Add(argument);
        }
        while (Take(","));
        return MathNode.Of(MathKind.List, arguments);
    });

    private MathNode? Function()
    {
        var name = _tokens[_at++][1..];
        MathNode? power = null, @base = null;
        for (int i = 0; i < 2; i++)
        {
            if (Next == "^" && power is null && (power = Skip(Exponent)) is null) return null;
            if (Next == "_" && @base is null && (@base = Skip(Exponent)) is null) return null;
        }
        if (Argument() is not { } argument)
        {
            // "\log_23" has no argument unless the base ends before its last digit.
            if (_failed || @base is not { Kind: MathKind.Number, Denominator.IsOne: true } || @base.Numerator < 10) return null;
            argument = MathNode.Number(@base.Numerator % 10);
            @base = MathNode.Number(@base.Numerator / 10);
        }
        if (power is { Kind: MathKind.Number } && power.Numerator == -power.Denominator
            && name is "sin" or "cos" or "tan" or "csc" or "sec" or "cot" or "sinh" or "cosh" or "tanh")
            return Opaque(MathNode.Call(name.EndsWith('h') ? "ar" + name : "arc" + name, argument));
        var value = name switch
        {
            "lg" => MathNode.Call("log", argument, @base ?? MathNode.Number(10)),
            "ln" or "log" => @base is null ? MathNode.Call("log", argument, MathNode.Call("exp", MathNode.Number(1)))
                : MathNode.Call("log", argument, @base),
            _ => MathNode.Call(name, argument),
        };
        return Opaque(power is null ? value : MathNode.Of(MathKind.Power, value, power));
    }

    /// <summary>sympy proves nothing about powers and functions of variables with decimals in them: 0.5 is not 1/2 there.</summary>
    private MathNode Opaque(MathNode node)
    {
        MathNode Walk(MathNode part) => part.IsDecimal ? MathNode.Symbol("decimal " + part.Text) : part.Children.Count == 0 ? part
            : part.With([.. part.Children.Select(Walk)]);
        return _dialect == LatexDialect.Sympy && node.HasSymbols ? Walk(node) : node;
    }

    private MathNode? Argument() => Try(Arguments)?.Children[0] ?? Try(() => Product(functions: false));

    private MathNode? Accent()
    {
        var start = _at++;
        return Group("{", "}") is null ? Fail() : MathNode.Symbol(string.Concat(_tokens[start.._at]));
    }

    private MathNode? Matrix()
    {
        if (!Environment(@"\begin")) return Fail();
        List<MathNode> rows = [], row = [];
        while (!_failed)
        {
            if (Additive() is not { } cell) return null;
            row.Add(cell);
            if (Take("&")) continue;
            rows.Add(MathNode.Of(MathKind.List, row));
            row = [];
            if (!Take("\\\\") || Next == @"\end") break;
        }
        return Environment(@"\end") ? MathNode.Of(MathKind.Matrix, rows) : null;
    }

    private bool Environment(string command)
    {
        if (!Take(command) || !Take("{")) return false;
        var name = Letters();
        return Take("}") && name is "pmatrix" or "bmatrix" or "matrix";
    }

    private MathNode? DigitOrGroup() => IsDigit(Next) ? MathNode.Decimal(_tokens[_at++]) : Group("{", "}");

    private MathNode? Group(string open, string close) => Bracketed(open, close, Additive);

    /// <summary>What stands in brackets. Where nothing could be read once, nothing is tried again.</summary>
    private MathNode? Bracketed(string open, string close, Func<MathNode?> inside)
    {
        var start = _at;
        if (Next != open || _dead.Contains(start)) return null;
        if (Deeper(() => Skip(inside)) is { } value && Take(close)) return value;
        _dead.Add(start);
        return null;
    }

    private MathNode? Skip(Func<MathNode?> read)
    {
        _at++;
        return read();
    }

    private bool Take(string token)
    {
        if (Next == LatexTokens.Error) _failed = true;
        if (Next != token || _failed) return false;
        _at++;
        return true;
    }

    /// <summary>Reads on, or stays where it is.</summary>
    private MathNode? Try(Func<MathNode?> read)
    {
        var start = _at;
        var value = read();
        if (value is null) _at = start;
        return value;
    }

    private MathNode? Deeper(Func<MathNode?> read)
    {
        if (++_depth > MaxDepth) return Fail();
        var value = read();
        _depth--;
        return value;
    }

    private MathNode? Fail()
    {
        _failed = true;
        return null;
    }

    // Digits before letters and letters before brackets would be products, which Python does not leave out the sign of.
    [GeneratedRegex(@"^(?!.*(\d[a-zA-Z]|[\w)] *\())[-+*/().,<>=\[\]{}\w\s]*\z")]
    private static partial Regex PythonExpression();

    private static bool IsDigit(string token) => token.Length == 1 && char.IsAsciiDigit(token[0]);

    private bool IsSymbol(string token) => token is not ("end" or LatexTokens.Error) && (char.IsAsciiLetter(token[0])
        || (token.Length > 1 && token[0] == '\\' && !NotSymbols.Contains(token) && !LatexTokens.Functions.Contains(token[1..])
            && (_dialect == LatexDialect.Sympy || LatexTokens.Letters.Contains(token[1..]))));
}
