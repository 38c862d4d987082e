namespace LightReasoner.Jinja;

/// <summary>An expression and the line it stands on.</summary>
internal abstract record Expression(int Line);

internal sealed record Constant(int Line, object? Value) : Expression(Line);

internal sealed record Name(int Line, string Id) : Expression(Line);

internal sealed record SequenceLiteral(int Line, bool IsTuple, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record DictLiteral(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line);

internal sealed record GetAttribute(int Line, Expression Target, string Attribute) : Expression(Line);

internal sealed record GetItem(int Line, Expression Target, Expression Key) : Expression(Line);

internal sealed record Slice(int Line, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

/// <summary>Arguments of a call, with *positional and **named ones.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? MorePositional, Expression? MoreNamed)
{
    internal static readonly CallArguments None = new([], [], null, null);
}

internal sealed record Call(int Line, Expression Target, CallArguments Arguments) : Expression(Line);

/// <summary>A filter; the target is null in filter and set blocks, where it is the block's text.</summary>
internal sealed record Filter(int Line, Expression? Target, string Id, CallArguments Arguments) : Expression(Line);

internal sealed record Test(int Line, Expression Target, string Id, CallArguments Arguments, bool Negated) : Expression(Line);

internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line);

internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

internal sealed record Logical(int Line, bool IsAnd, Expression Left, Expression Right) : Expression(Line);

/// <summary>a &lt; b &lt; c: every pair of neighbours must compare.</summary>
internal sealed record Comparison(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line);

internal sealed record Concatenation(int Line, IReadOnlyList<Expression> Parts) : Expression(Line);

internal sealed record Conditional(int Line, Expression Test, Expression Then, Expression? Else) : Expression(Line);

/// <summary>A statement and the line it stands on.</summary>
internal abstract record Statement(int Line);

internal sealed record Text(int Line, string Value) : Statement(Line);

internal sealed record Output(int Line, Expression Value) : Statement(Line);

internal sealed record If(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Else)
    : Statement(Line);

internal sealed record For(
    int Line, Target Target, Expression Items, Expression? Condition, bool Recursive,
    IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else) : Statement(Line);

internal sealed record Set(int Line, Target Target, Expression Value) : Statement(Line);

internal sealed record SetBlock(int Line, Target Target, Filter? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record With(int Line, IReadOnlyList<(Target Target, Expression Value)> Assignments, IReadOnlyList<Statement> Body)
    : Statement(Line);

/// <summary>A macro's parameters and body; also the nameless one that a call block passes as caller.</summary>
internal sealed record MacroDefinition(
    int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body,
    bool TakesMorePositional, bool TakesMoreNamed, bool TakesCaller) : Statement(Line);

internal sealed record CallBlock(int Line, Call Call, MacroDefinition Caller) : Statement(Line);

internal sealed record FilterBlock(int Line, Filter Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>A body that renders as if its tags were not there ({% generation %}).</summary>
internal sealed record Passage(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record Break(int Line) : Statement(Line);

internal sealed record Continue(int Line) : Statement(Line);

/// <summary>What can be assigned to: a name, an attribute of a namespace, or a tuple of them.</summary>
internal abstract record Target(int Line);

internal sealed record NameTarget(int Line, string Id) : Target(Line);

internal sealed record AttributeTarget(int Line, string Namespace, string Attribute) : Target(Line);

internal sealed record TupleTarget(int Line, IReadOnlyList<Target> Items) : Target(Line);
