namespace LightReasoner.Jinja;

/// <summary>Statements of a template.</summary>
internal sealed partial class Parser
{
    private readonly string _name;
    private readonly List<Token> _tokens;
    private int _position;
    private int _blockNesting;
    // Special names that the macro being parsed reads; they decide which arguments it accepts.
    private HashSet<string> _macroNames = [];
    private int _loopDepth;

    private Parser(string source, string name) => (_name, _tokens) = (name, Lexer.Tokenize(source, name));

    private Token Current => _tokens[_position];

    private Token Peek => _tokens[Math.Min(_position + 1, _tokens.Count - 1)];

    internal static IReadOnlyList<Statement> Parse(string source, string name)
    {
        var parser = new Parser(source, name);
        return parser.ParseBody();
    }

    /// <summary>
    /// Statements up to one of the given end tags, whose name is then the current token (or up to the end of the template).
    /// </summary>
    private List<Statement> ParseBody(params ReadOnlySpan<string> ends)
    {
        if (++_blockNesting > MaxNesting)
            throw Error($"blocks are nested more than {MaxNesting} deep");
        var body = new List<Statement>();
        while (true)
        {
            switch (Current.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Text(Current.Line, Next().Value));
                    break;
                case TokenKind.VariableBegin:
                    var line = Next().Line;
                    body.Add(new Output(line, ParseTuple()));
                    Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    if (Peek.Kind == TokenKind.Name && ends.Contains(Peek.Value))
                    {
                        Next();
                        _blockNesting--;
                        return body;
                    }
                    Next();
                    body.Add(ParseStatement());
                    break;
                case TokenKind.End when ends.IsEmpty:
                    _blockNesting--;
                    return body;
                default:
                    throw Error($"expected {string.Join(" or ", ends.ToArray().Select(e => $"'{{% {e} %}}'"))}, found {Current}");
            }
        }
    }

    private Statement ParseStatement()
    {
        var tag = Next();
        if (tag.Kind != TokenKind.Name)
            throw Error($"expected the name of a tag, found {tag}", tag.Line);
        var statement = tag.Value switch
        {
            "if" => ParseIf(tag.Line),
            "for" => ParseFor(tag.Line),
            "set" => ParseSet(tag.Line),
            "macro" => ParseMacro(tag.Line),
            "call" => ParseCall(tag.Line),
            "filter" => ParseFilterBlock(tag.Line),
            "with" => ParseWith(tag.Line),
            "generation" => ParseGeneration(tag.Line),
            "break" or "continue" when _loopDepth == 0 => throw Error($"'{tag.Value}' outside of a loop", tag.Line),
            "break" => new Break(tag.Line),
            "continue" => new Continue(tag.Line),
            _ => throw Error($"the tag '{tag.Value}' is not supported here", tag.Line),
        };
        EndBlock();
        return statement;
    }

    private If ParseIf(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        do
        {
            var test = ParseTuple(withConditional: false);
            EndBlock();
            branches.Add((test, ParseBody("elif", "else", "endif")));
        }
        while (SkipName("elif"));
        List<Statement> otherwise = [];
        if (SkipName("else"))
        {
            EndBlock();
            otherwise = ParseBody("endif");
        }
        Next();
        return new If(line, branches, otherwise);
    }

    private For ParseFor(int line)
    {
        var target = ParseTarget(withAttributes: false);
        if (!SkipName("in"))
            throw Error($"expected 'in', found {Current}");
        var items = ParseTuple(withConditional: false);
        var condition = SkipName("if") ? ParseExpression() : null;
        var recursive = SkipName("recursive");
        EndBlock();
        _loopDepth++;
        var body = ParseBody("endfor", "else");
        _loopDepth--;
        List<Statement> otherwise = [];
        if (SkipName("else"))
        {
            EndBlock();
            otherwise = ParseBody("endfor");
        }
        Next();
        return new For(line, target, items, condition, recursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(withAttributes: true);
        if (SkipOperator("="))
            return new Set(line, target, ParseTuple());
        Filter? filter = null;
        while (Current.Is("|"))
            filter = ParseFilter(filter);
        EndBlock();
        var body = ParseClosedBody("endset");
        return new SetBlock(line, target, filter, body);
    }

    private MacroDefinition ParseMacro(int line)
    {
        var name = ExpectName().Value;
        return ParseMacroBody(line, name, "endmacro", withParameters: true);
    }

    private CallBlock ParseCall(int line)
    {
        List<(string, Expression?)> parameters = Current.Is("(") ? ParseParameters() : [];
        if (ParseExpression() is not Call call)
            throw Error("expected a call of a macro", line);
        return new CallBlock(line, call, ParseMacroBody(line, "caller", "endcall", withParameters: false) with { Parameters = parameters });
    }

    private MacroDefinition ParseMacroBody(int line, string name, string end, bool withParameters)
    {
        var (outerNames, outerLoops) = (_macroNames, _loopDepth);
        (_macroNames, _loopDepth) = ([], 0);
        var parameters = withParameters ? ParseParameters() : [];
        EndBlock();
        var body = ParseClosedBody(end);
        var macro = new MacroDefinition(line, name, parameters, body, _macroNames.Contains("varargs"), _macroNames.Contains("kwargs"),
            _macroNames.Contains("caller"));
        (_macroNames, _loopDepth) = (outerNames, outerLoops);
        return macro;
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        Expect("(");
        var parameters = new List<(string, Expression?)>();
        while (!Current.Is(")"))
        {
            if (parameters.Count > 0)
                Expect(",");
            var name = ExpectName().Value;
            if (SkipOperator("="))
                parameters.Add((name, ParseExpression()));
            else if (parameters.Count > 0 && parameters[^1].Item2 is not null)
                throw Error($"parameter '{name}' without a default follows one with a default");
            else
                parameters.Add((name, null));
        }
        Expect(")");
        return parameters;
    }

    private FilterBlock ParseFilterBlock(int line)
    {
        var filter = ParseFilterName(null);
        while (Current.Is("|"))
            filter = ParseFilter(filter);
        EndBlock();
        return new FilterBlock(line, filter, ParseClosedBody("endfilter"));
    }

    private With ParseWith(int line)
    {
        var assignments = new List<(Target, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0)
                Expect(",");
            var target = ParseSingleTarget(withAttributes: false);
            Expect("=");
            assignments.Add((target, ParseExpression()));
        }
        EndBlock();
        return new With(line, assignments, ParseClosedBody("endwith"));
    }

    private Passage ParseGeneration(int line)
    {
        EndBlock();
        return new Passage(line, ParseClosedBody("endgeneration"));
    }

    private List<Statement> ParseClosedBody(string end)
    {
        var body = ParseBody(end);
        Next();
        return body;
    }

    private Target ParseTarget(bool withAttributes)
    {
        var line = Current.Line;
        var items = new List<Target> { ParseSingleTarget(withAttributes) };
        var isTuple = false;
        while (SkipOperator(","))
        {
            isTuple = true;
            if (Current.Is("=") || Current.IsName("in"))
                break;
            items.Add(ParseSingleTarget(withAttributes));
        }
        return isTuple ? new TupleTarget(line, items) : items[0];
    }

    private Target ParseSingleTarget(bool withAttributes)
    {
        if (Current.Is("("))
        {
            Next();
            if (++_nesting > MaxNesting)
                throw Error($"targets are nested more than {MaxNesting} deep");
            var target = ParseTarget(withAttributes);
            _nesting--;
            Expect(")");
            return target;
        }
        var name = ExpectName();
        if (name.Value is "true" or "false" or "none" or "True" or "False" or "None")
            throw Error($"cannot assign to '{name.Value}'", name.Line);
        if (withAttributes && SkipOperator("."))
            return new AttributeTarget(name.Line, name.Value, ExpectName().Value);
        return new NameTarget(name.Line, name.Value);
    }

    private Name NameOf(Token token)
    {
        if (token.Value is "varargs" or "kwargs" or "caller")
            _macroNames.Add(token.Value);
        return new Name(token.Line, token.Value);
    }

    private Token Next()
    {
        var token = Current;
        if (_position < _tokens.Count - 1)
            _position++;
        return token;
    }

    private bool SkipName(string name)
    {
        if (!Current.IsName(name))
            return false;
        Next();
        return true;
    }

    private bool SkipOperator(string text)
    {
        if (!Current.Is(text))
            return false;
        Next();
        return true;
    }

    private void Expect(string text)
    {
        if (!SkipOperator(text))
            throw Error($"expected '{text}', found {Current}");
    }

    private void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind)
            throw Error($"expected {what}, found {Current}");
        Next();
    }

    private Token ExpectName() => Current.Kind == TokenKind.Name ? Next() : throw Error($"expected a name, found {Current}");

    private void EndBlock() => Expect(TokenKind.BlockEnd, "'%}'");

    private TemplateException Error(string reason, int? line = null) => new(_name, line ?? Current.Line, reason);
}
