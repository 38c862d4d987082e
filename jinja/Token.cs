namespace LightReasoner.Jinja;

internal enum TokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A piece of a template. Data and strings carry their final text.</summary>
internal readonly record struct Token(TokenKind Kind, string Value, int Line)
{
    internal bool Is(string operatorText) => Kind == TokenKind.Operator && Value == operatorText;

    internal bool IsName(string name) => Kind == TokenKind.Name && Value == name;

    public override string ToString() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.VariableEnd => "'}}'",
        TokenKind.BlockEnd => "'%}'",
        TokenKind.String => "a string",
        _ => $"'{Value}'",
    };
}
