namespace LightReasoner.DevCluster.Cel;

/// <summary>A CEL expression as a tree.</summary>
internal abstract record CelNode(int At)
{
    internal sealed record Literal(int At, object? Value) : CelNode(At);

    internal sealed record Name(int At, string Text) : CelNode(At);

    internal sealed record Select(int At, CelNode Target, string Field) : CelNode(At);

    /// <summary>The macro has(target.field).</summary>
    internal sealed record Has(int At, CelNode Target, string Field) : CelNode(At);

    internal sealed record Subscript(int At, CelNode Target, CelNode Key) : CelNode(At);

    /// <summary>A function, a method of <paramref name="Target"/>, or an operator by its symbol.</summary>
    internal sealed record Call(int At, CelNode? Target, string Function, IReadOnlyList<CelNode> Arguments) : CelNode(At);

    internal sealed record Conditional(int At, CelNode Condition, CelNode Then, CelNode Else) : CelNode(At);

    internal sealed record ListOf(int At, IReadOnlyList<CelNode> Items) : CelNode(At);

    internal sealed record MapOf(int At, IReadOnlyList<(CelNode Key, CelNode Value)> Entries) : CelNode(At);

    /// <summary>all, exists, exists_one, map, filter over a list or the keys of a map.</summary>
    internal sealed record Comprehension(int At, CelNode Target, string Macro, string Variable, CelNode Body, CelNode? Mapped) : CelNode(At);
}

/// <summary>An expression that cannot be parsed or evaluated.</summary>
internal sealed class CelException(string message, int at = -1) : Exception(message)
{
    public int At { get; } = at;
}
