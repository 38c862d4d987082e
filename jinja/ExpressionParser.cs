using System.Globalization;
using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>
/// Expressions, by recursive descent in Jinja2's order of precedence: or, and, not, comparison, + -, ~, * / // %, **, unary, filters.
/// </summary>
internal sealed partial class Parser
{
    private const int MaxNesting = 100;

    private int _nesting;

    private Expression ParseExpression(bool withConditional = true)
    {
        // Grammar rules are a dozen frames each, so nesting is counted rather than left to the stack.
        if (++_nesting > MaxNesting)
            throw Error($"expressions are nested more than {MaxNesting} deep");
        var value = withConditional ? ParseConditional() : ParseOr();
        _nesting--;
        return value;
    }

    private Expression ParseConditional()
    {
        var line = Current.Line;
        var value = ParseOr();
        while (SkipName("if"))
        {
            var test = ParseOr();
            value = new Conditional(line, test, value, SkipName("else") ? ParseExpression() : null);
        }
        return value;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (Current.IsName("or"))
            left = new Logical(Next().Line, false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (Current.IsName("and"))
            left = new Logical(Next().Line, true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        var negations = 0;
        var line = Current.Line;
        while (SkipName("not"))
            negations++;
        var operand = ParseComparison();
        // Pairs cancel out, except that even one pair makes a boolean of the operand.
        for (negations = negations == 0 ? 0 : 2 - negations % 2; negations > 0; negations--)
            operand = new Unary(line, "not", operand);
        return operand;
    }

    private Expression ParseComparison()
    {
        var line = Current.Line;
        var first = ParseSum();
        List<(string, Expression)>? rest = null;
        while (true)
        {
            string op;
            if (Current.Kind == TokenKind.Operator && Current.Value is "==" or "!=" or "<" or "<=" or ">" or ">=")
                op = Next().Value;
            else if (SkipName("in"))
                op = "in";
            else if (Current.IsName("not") && Peek.IsName("in"))
            {
                Next();
                Next();
                op = "not in";
            }
            else
                return rest is null ? first : new Comparison(line, first, rest);
            (rest ??= []).Add((op, ParseSum()));
        }
    }

    private Expression ParseSum()
    {
        var left = ParseConcatenation();
        while (Current.Is("+") || Current.Is("-"))
        {
            var op = Next();
            left = new Binary(op.Line, op.Value, left, ParseConcatenation());
        }
        return left;
    }

    private Expression ParseConcatenation()
    {
        var line = Current.Line;
        var parts = new List<Expression> { ParseProduct() };
        while (SkipOperator("~"))
            parts.Add(ParseProduct());
        return parts.Count == 1 ? parts[0] : new Concatenation(line, parts);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        while (Current.Kind == TokenKind.Operator && Current.Value is "*" or "/" or "//" or "%")
        {
            var op = Next();
            left = new Binary(op.Line, op.Value, left, ParsePower());
        }
        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary();
        while (Current.Is("**"))
            left = new Binary(Next().Line, "**", left, ParseUnary());
        return left;
    }

    private Expression ParseUnary(bool withFilter = true)
    {
        Expression value;
        if (Current.Is("-") || Current.Is("+"))
        {
            if (++_nesting > MaxNesting)
                throw Error($"expressions are nested more than {MaxNesting} deep");
            var op = Next();
            value = new Unary(op.Line, op.Value, ParseUnary(withFilter: false));
            _nesting--;
        }
        else
        {
            value = ParsePrimary();
        }
        value = ParsePostfix(value);
        return withFilter ? ParseFilters(value) : value;
    }

    private Expression ParsePrimary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Value switch
                {
                    "true" or "True" => new Constant(token.Line, true),
                    "false" or "False" => new Constant(token.Line, false),
                    "none" or "None" => new Constant(token.Line, null),
                    _ => NameOf(token),
                };
            case TokenKind.String:
                var text = token.Value;
                while (Current.Kind == TokenKind.String)
                    text += Next().Value;
                return new Constant(token.Line, text);
            case TokenKind.Integer:
                return new Constant(token.Line, BigInteger.Parse(token.Value, CultureInfo.InvariantCulture));
            case TokenKind.Float:
                return new Constant(token.Line, double.Parse(token.Value, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Value == "(":
                var value = ParseTuple(explicitParentheses: true);
                Expect(")");
                return value;
            case TokenKind.Operator when token.Value == "[":
                return new SequenceLiteral(token.Line, false, ParseItems("]"));
            case TokenKind.Operator when token.Value == "{":
                return ParseDict(token.Line);
            default:
                throw Error($"expected an expression, found {token}", token.Line);
        }
    }

    /// <summary>One expression, or several with commas between, which make a tuple.</summary>
    private Expression ParseTuple(bool explicitParentheses = false, bool withConditional = true)
    {
        var line = Current.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (!AtTupleEnd())
        {
            items.Add(ParseExpression(withConditional));
            if (!SkipOperator(","))
                break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1)
            return items[0];
        if (items.Count == 0 && !explicitParentheses)
            throw Error($"expected an expression, found {Current}");
        return new SequenceLiteral(line, true, items);
    }

    private bool AtTupleEnd() => Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd or TokenKind.End || Current.Is(")")
        || Current.IsName("recursive");

    private List<Expression> ParseItems(string close)
    {
        var items = new List<Expression>();
        while (!Current.Is(close))
        {
            if (items.Count > 0)
                Expect(",");
            if (Current.Is(close))
                break;
            items.Add(ParseExpression());
        }
        Expect(close);
        return items;
    }

    private DictLiteral ParseDict(int line)
    {
        var items = new List<(Expression, Expression)>();
        while (!Current.Is("}"))
        {
            if (items.Count > 0)
                Expect(",");
            if (Current.Is("}"))
                break;
            var key = ParseExpression();
            Expect(":");
            items.Add((key, ParseExpression()));
        }
        Expect("}");
        return new DictLiteral(line, items);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            if (Current.Is("."))
            {
                var line = Next().Line;
                var attribute = Next();
                value = attribute.Kind switch
                {
                    TokenKind.Name => new GetAttribute(line, value, attribute.Value),
                    TokenKind.Integer => new GetItem(line, value,
                        new Constant(line, BigInteger.Parse(attribute.Value, CultureInfo.InvariantCulture))),
                    _ => throw Error($"expected a name or a number after '.', found {attribute}", attribute.Line),
                };
            }
            else if (Current.Is("["))
            {
                var line = Next().Line;
                var key = ParseSubscript();
                if (Current.Is(","))
                    throw Error("a subscript with several keys is not supported");
                Expect("]");
                value = new GetItem(line, value, key);
            }
            else if (Current.Is("("))
            {
                value = new Call(Current.Line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript()
    {
        var line = Current.Line;
        var start = Current.Is(":") ? null : ParseExpression();
        if (!SkipOperator(":"))
            return start!;
        var stop = AtEnd() ? null : ParseExpression();
        var step = SkipOperator(":") && !AtEnd() ? ParseExpression() : null;
        return new Slice(line, start, stop, step);

        bool AtEnd() => Current.Is(":") || Current.Is("]") || Current.Is(",");
    }

    private CallArguments ParseArguments()
    {
        Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? morePositional = null, moreNamed = null;
        for (var first = true; !Current.Is(")"); first = false)
        {
            if (!first)
                Expect(",");
            if (Current.Is(")"))
                break;
            if (SkipOperator("*"))
                morePositional = morePositional is null && moreNamed is null ? ParseExpression()
                    : throw Error("unexpected '*' among the arguments");
            else if (SkipOperator("**"))
                moreNamed = moreNamed is null ? ParseExpression() : throw Error("unexpected '**' among the arguments");
            else if (Current.Kind == TokenKind.Name && Peek.Is("="))
            {
                var name = Next().Value;
                Next();
                named.Add((name, ParseExpression()));
            }
            else if (named.Count > 0 || morePositional is not null || moreNamed is not null)
                throw Error("a positional argument follows a named one");
            else
                positional.Add(ParseExpression());
        }
        Expect(")");
        return new CallArguments(positional, named, morePositional, moreNamed);
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
        {
            if (Current.Is("|"))
                value = ParseFilter(value);
            else if (Current.IsName("is"))
                value = ParseTest(value);
            else if (Current.Is("("))
                value = new Call(Current.Line, value, ParseArguments());
            else
                return value;
        }
    }

    private Filter ParseFilter(Expression? value)
    {
        Expect("|");
        return ParseFilterName(value);
    }

    private Filter ParseFilterName(Expression? value)
    {
        var name = ExpectName();
        return new Filter(name.Line, value, name.Value, Current.Is("(") ? ParseArguments() : CallArguments.None);
    }

    private Test ParseTest(Expression value)
    {
        var line = Next().Line;
        var negated = SkipName("not");
        var name = ExpectName().Value;
        var arguments = CallArguments.None;
        if (Current.Is("("))
        {
            arguments = ParseArguments();
        }
        else if (Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || Current.Is("[")
            || Current.Is("{"))
        {
            if (Current.IsName("is"))
                throw Error("tests cannot be chained with 'is'");
            if (!Current.IsName("else") && !Current.IsName("or") && !Current.IsName("and"))
                arguments = new CallArguments([ParsePostfix(ParsePrimary())], [], null, null);
        }
        return new Test(line, value, name, arguments, negated);
    }
}
