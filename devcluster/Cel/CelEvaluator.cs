using static LightReasoner.DevCluster.Cel.CelNode;

namespace LightReasoner.DevCluster.Cel;

/// <summary>
/// Evaluates CEL. Values are null, bool, long, double, string, DateTimeOffset, TimeSpan, lists (<c>List&lt;object?&gt;</c>) and
/// maps (<c>Dictionary&lt;string, object?&gt;</c>).
/// </summary>
internal static class CelEvaluator
{
    public static object? Evaluate(CelNode node, IReadOnlyDictionary<string, object?> variables)
    {
        switch (node)
        {
            case Literal literal:
                return literal.Value;
            case Name name:
                return variables.TryGetValue(name.Text, out var value) ? value
                    : CelFunctions.TypeName(name.Text) ?? throw new CelException($"undeclared reference to '{name.Text}'", name.At);
            case Select select:
                return Field(Evaluate(select.Target, variables), select.Field, select.At);
            case Has has:
                return Evaluate(has.Target, variables) is Dictionary<string, object?> map && map.ContainsKey(has.Field);
            case Subscript index:
                return Element(Evaluate(index.Target, variables), Evaluate(index.Key, variables), index.At);
            case Conditional conditional:
                return Bool(Evaluate(conditional.Condition, variables), conditional.At)
                    ? Evaluate(conditional.Then, variables)
                    : Evaluate(conditional.Else, variables);
            case ListOf list:
                return list.Items.Select(i => Evaluate(i, variables)).ToList();
            case MapOf entries:
                return entries.Entries.ToDictionary(e => CelFunctions.Text(Evaluate(e.Key, variables)), e => Evaluate(e.Value, variables));
            case Comprehension comprehension:
                return Comprehend(comprehension, variables);
            case Call { Target: null, Function: "&&" or "||" } call:
                return Logic(call, variables);
            case Call call:
                return CelFunctions.Call(
                    call.Function, call.Target is null ? null : Evaluate(call.Target, variables), call.Target is not null,
                    [.. call.Arguments.Select(a => Evaluate(a, variables))], call.At);
            default:
                throw new CelException("unknown expression", node.At);
        }
    }

    public static bool Bool(object? value, int at) => value as bool? ?? throw new CelException("no such overload", at);

    // An error on one side does not matter when the other side decides.
    private static object Logic(Call call, IReadOnlyDictionary<string, object?> variables)
    {
        var decisive = call.Function == "||";
        try
        {
            if (Bool(Evaluate(call.Arguments[0], variables), call.At) == decisive)
                return decisive;
        }
        catch (CelException)
        {
            if (Bool(Evaluate(call.Arguments[1], variables), call.At) == decisive)
                return decisive;
            throw;
        }

        return Bool(Evaluate(call.Arguments[1], variables), call.At);
    }

    private static object? Field(object? target, string field, int at)
        => target is Dictionary<string, object?> map
            ? map.TryGetValue(field, out var value) ? value : throw new CelException($"no such key: {field}", at)
            : throw new CelException("no such overload", at);

    private static object? Element(object? target, object? key, int at)
    {
        switch (target)
        {
            case List<object?> list when key is long i:
                return i >= 0 && i < list.Count ? list[(int)i] : throw new CelException($"index out of bounds: {i}", at);
            case Dictionary<string, object?> map:
                return map.TryGetValue(CelFunctions.Text(key), out var value) ? value : throw new CelException($"no such key: {CelFunctions.Text(key)}", at);
            default:
                throw new CelException("no such overload", at);
        }
    }

    private static object? Comprehend(Comprehension c, IReadOnlyDictionary<string, object?> variables)
    {
        var range = Evaluate(c.Target, variables) switch
        {
            List<object?> list => list,
            Dictionary<string, object?> map => [.. map.Keys],
            _ => throw new CelException("no such overload", c.At),
        };
        object? With(object? item, CelNode body) => Evaluate(body, new Dictionary<string, object?>(variables) { [c.Variable] = item });
        bool Holds(object? item) => Bool(With(item, c.Body), c.At);
        return c.Macro switch
        {
            "all" => range.All(Holds),
            "exists" => range.Any(Holds),
            "exists_one" => range.Count(Holds) == 1,
            "filter" => range.Where(Holds).ToList(),
            _ => c.Mapped is null
                ? range.Select(i => With(i, c.Body)).ToList()
                : range.Where(Holds).Select(i => With(i, c.Mapped)).ToList(),
        };
    }
}
