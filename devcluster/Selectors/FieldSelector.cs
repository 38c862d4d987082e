namespace LightReasoner.DevCluster.Selectors;

/// <summary>A conjunction of comparisons of fields: <c>metadata.name=x,status.phase!=Running</c>.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Field, bool Equal, string Value)> terms = [];

    public bool IsEverything => terms.Count == 0;

    public static FieldSelector Parse(string? text, ResourceType type)
    {
        var selector = new FieldSelector();
        foreach (var term in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (term.Split('=', 2) is not [var field, var value])
                throw Fail.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            if (type.Strategy.Field([], field.TrimEnd('!')) is null)
                throw Fail.BadRequest($"field label not supported: {field.TrimEnd('!')}");
            selector.terms.Add((field.TrimEnd('!'), !field.EndsWith('!'), value.TrimStart('=')));
        }

        return selector;
    }

    public bool Matches(JsonObject stored, ResourceStrategy strategy)
        => terms.TrueForAll(t => (strategy.Field(stored, t.Field) == t.Value) == t.Equal);
}
