using static LightReasoner.DevCluster.Cel.CelNode;

namespace LightReasoner.DevCluster.Cel;

/// <summary>Parses the Common Expression Language as it is used in x-kubernetes-validations.</summary>
internal sealed class CelParser
{
    private static readonly string[][] Levels = [["||"], ["&&"], ["==", "!=", "<=", ">=", "<", ">", "in"], ["+", "-"], ["*", "/", "%"]];
    private static readonly string[] Macros = ["all", "exists", "exists_one", "existsOne", "map", "filter"];

    private readonly List<CelToken> tokens;
    private int next;

    private CelParser(string text) => tokens = CelLexer.Split(text);

    public static CelNode Parse(string text)
    {
        var parser = new CelParser(text);
        var node = parser.Expression();
        if (parser.Current.Kind != CelTokenKind.End)
            throw new CelException($"Syntax error: extraneous input '{parser.Current.Text}' expecting <EOF>", parser.Current.At);
        return node;
    }

    private CelToken Current => tokens[next];

    private bool Is(string symbol) => Current.Kind is CelTokenKind.Symbol or CelTokenKind.Name && Current.Text == symbol;

    private bool Take(string symbol)
    {
        if (!Is(symbol))
            return false;
        next++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
            throw new CelException($"Syntax error: mismatched input '{Current.Text}' expecting '{symbol}'", Current.At);
    }

    private CelNode Expression()
    {
        var condition = Binary(0);
        if (!Is("?"))
            return condition;
        var at = tokens[next++].At;
        var then = Binary(0);
        Expect(":");
        return new Conditional(at, condition, then, Expression());
    }

    private CelNode Binary(int level)
    {
        if (level == Levels.Length)
            return Unary();
        var left = Binary(level + 1);
        while (Current.Kind != CelTokenKind.Literal && Levels[level].Contains(Current.Text) && Current.Kind != CelTokenKind.End)
        {
            var op = tokens[next++];
            left = new Call(op.At, null, op.Text, [left, Binary(level + 1)]);
        }

        return left;
    }

    private CelNode Unary()
    {
        var at = Current.At;
        if (Take("!"))
            return new Call(at, null, "!", [Unary()]);
        if (Take("-"))
            return new Call(at, null, "neg", [Unary()]);
        return Postfix(Primary());
    }

    private CelNode Postfix(CelNode node)
    {
        while (true)
        {
            var at = Current.At;
            if (Take("."))
            {
                // A field that is named like a keyword of CEL is escaped: __namespace__.
                if (Current.Kind is not CelTokenKind.Name)
                    throw new CelException($"Syntax error: mismatched input '{Current.Text}' expecting IDENTIFIER", Current.At);
                var name = tokens[next++].Text;
                node = Is("(") ? Method(at, node, name) : new Select(at, node, Unescape(name));
            }
            else if (Take("["))
            {
                var key = Expression();
                Expect("]");
                node = new Subscript(at, node, key);
            }
            else
            {
                return node;
            }
        }
    }

    private static string Unescape(string name)
        => name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) && name.Length > 4
            ? name[2..^2]
            : name.Replace("__dot__", ".").Replace("__dash__", "-").Replace("__slash__", "/").Replace("__underscores__", "__");

    private CelNode Method(int at, CelNode target, string name)
    {
        var arguments = Arguments();
        if (!Macros.Contains(name) || arguments.Count < 2 || arguments[0] is not Name variable)
            return new Call(at, target, name, arguments);
        var macro = name == "existsOne" ? "exists_one" : name;
        return arguments.Count == 3
            ? new Comprehension(at, target, macro, variable.Text, arguments[1], arguments[2])
            : new Comprehension(at, target, macro, variable.Text, arguments[1], null);
    }

    private List<CelNode> Arguments()
    {
        Expect("(");
        var list = new List<CelNode>();
        while (!Is(")"))
        {
            list.Add(Expression());
            if (!Take(","))
                break;
        }

        Expect(")");
        return list;
    }

    private CelNode Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Literal:
                next++;
                return new Literal(token.At, token.Value);
            case CelTokenKind.Name:
                next++;
                return Is("(") ? Function(token) : new Name(token.At, token.Text);
        }

        if (Take("("))
        {
            var inner = Expression();
            Expect(")");
            return inner;
        }

        if (Take("["))
        {
            var items = new List<CelNode>();
            while (!Is("]"))
            {
                items.Add(Expression());
                if (!Take(","))
                    break;
            }

            Expect("]");
            return new ListOf(token.At, items);
        }

        if (Take("{"))
        {
            var entries = new List<(CelNode, CelNode)>();
            while (!Is("}"))
            {
                var key = Expression();
                Expect(":");
                entries.Add((key, Expression()));
                if (!Take(","))
                    break;
            }

            Expect("}");
            return new MapOf(token.At, entries);
        }

        throw new CelException($"Syntax error: mismatched input '{token.Text}' expecting an expression", token.At);
    }

    private CelNode Function(CelToken token)
    {
        var arguments = Arguments();
        if (token.Text != "has")
            return new Call(token.At, null, token.Text, arguments);
        return arguments is [Select select]
            ? new Has(token.At, select.Target, select.Field)
            : throw new CelException("invalid argument to has() macro", token.At);
    }
}
