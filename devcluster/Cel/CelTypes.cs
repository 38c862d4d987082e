using LightReasoner.DevCluster.Schema;
using static LightReasoner.DevCluster.Cel.CelNode;

namespace LightReasoner.DevCluster.Cel;

/// <summary>
/// A light type check: fields that do not exist and rules that are no condition are found when a definition is created. What
/// it cannot tell is dynamic, and left to evaluation.
/// </summary>
internal static class CelTypes
{
    public const string Dynamic = "dyn";

    private static readonly string[] Conditions =
        ["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||", "!", "startsWith", "endsWith", "contains", "matches", "isSorted", "isQuantity", "isURL", "isGreaterThan", "isLessThan"];

    /// <summary>bool, string, int, double, list, map or dyn.</summary>
    /// <param name="node">The expression.</param>
    /// <param name="self">Schema of self, and of oldSelf.</param>
    /// <param name="optionalOldSelf">Whether oldSelf is an optional value.</param>
    public static string Of(CelNode node, TypeSchema self, bool optionalOldSelf)
    {
        var variables = new Dictionary<string, TypeSchema?> { ["self"] = self, ["oldSelf"] = optionalOldSelf ? null : self };
        return Infer(node, variables).Kind;
    }

    private static (string Kind, TypeSchema? Schema) Infer(CelNode node, Dictionary<string, TypeSchema?> variables)
    {
        switch (node)
        {
            case Literal literal:
                return (literal.Value switch { bool => "bool", string => "string", long => "int", double => "double", _ => Dynamic }, null);
            case Name name:
                if (!variables.TryGetValue(name.Text, out var schema) && CelFunctions.TypeName(name.Text) is null)
                    throw new CelException($"undeclared reference to '{name.Text}' (in container '')", name.At);
                return (KindOf(schema), schema);
            case Select select:
                return Field(Infer(select.Target, variables).Schema, select.Field, select.At);
            case Has has:
                Field(Infer(has.Target, variables).Schema, has.Field, has.At);
                return ("bool", null);
            case Subscript index:
                Infer(index.Key, variables);
                var target = Infer(index.Target, variables).Schema;
                var element = target?.Items ?? target?.Values;
                return (KindOf(element), element);
            case Conditional conditional:
                Infer(conditional.Condition, variables);
                Infer(conditional.Else, variables);
                return Infer(conditional.Then, variables);
            case Comprehension comprehension:
                return Comprehend(comprehension, variables);
            case Call call:
                return Result(call, variables);
            case ListOf list:
                foreach (var item in list.Items)
                    Infer(item, variables);
                return ("list", null);
            default:
                return (Dynamic, null);
        }
    }

    private static (string, TypeSchema?) Field(TypeSchema? target, string field, int at)
    {
        if (target is null || target.PreserveUnknown || target.Type != "object")
            return (Dynamic, null);
        if (target.Member(field) is not { } member)
            throw new CelException($"undefined field '{field}'", at);
        return (KindOf(member), member);
    }

    private static (string, TypeSchema?) Comprehend(Comprehension c, Dictionary<string, TypeSchema?> variables)
    {
        var range = Infer(c.Target, variables).Schema;
        var inner = new Dictionary<string, TypeSchema?>(variables) { [c.Variable] = range?.Type == "object" ? new TypeSchema { Type = "string" } : range?.Items };
        Infer(c.Body, inner);
        if (c.Mapped is not null)
            Infer(c.Mapped, inner);
        return c.Macro is "map" or "filter" ? ("list", c.Macro == "filter" ? range : null) : ("bool", null);
    }

    private static (string, TypeSchema?) Result(Call call, Dictionary<string, TypeSchema?> variables)
    {
        var kinds = call.Arguments.Select(a => Infer(a, variables).Kind).ToList();
        if (call.Target is not null)
            Infer(call.Target, variables);
        if (call.Target is null && call.Function is "==" or "!=" or "<" or "<=" or ">" or ">=" && !Comparable(kinds[0], kinds[1], call.Function))
            throw new CelException($"found no matching overload for '_{call.Function}_' applied to '({kinds[0]}, {kinds[1]})'", call.At);
        if (Conditions.Contains(call.Function))
            return ("bool", null);
        if (!CelFunctions.IsKnown(call.Function))
            throw new CelException($"undeclared reference to '{call.Function}' (in container '')", call.At);
        return call.Function switch
        {
            "size" or "int" or "indexOf" or "lastIndexOf" => ("int", null),
            "string" or "lowerAscii" or "upperAscii" or "trim" or "replace" or "substring" or "join" or "find" => ("string", null),
            "+" or "-" or "*" or "/" or "%" or "neg" => (kinds[0], null),
            _ => (Dynamic, null),
        };
    }

    /// <summary>Values of two kinds are compared only where both are numbers, and then by order alone.</summary>
    private static bool Comparable(string a, string b, string function) =>
        a == b || a == Dynamic || b == Dynamic || (function is not ("==" or "!=") && a is "int" or "double" && b is "int" or "double");

    private static string KindOf(TypeSchema? schema) => schema switch
    {
        null or { IntOrString: true } => Dynamic,
        { Type: "string", Format: "date-time" or "duration" } => Dynamic,
        _ => schema.Type switch
        {
            "string" => "string",
            "integer" => "int",
            "number" => "double",
            "boolean" => "bool",
            "array" => "list",
            "object" => "map",
            _ => Dynamic,
        },
    };
}
