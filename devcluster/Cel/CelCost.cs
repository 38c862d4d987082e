using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;
using static LightReasoner.DevCluster.Cel.CelNode;

namespace LightReasoner.DevCluster.Cel;

/// <summary>
/// About what a real API server estimates that a rule may cost: a unit a step, a tenth of a unit for every character that is read, and loops
/// over lists and maps as often as these may be long. Only what is far beyond the budget is refused here.
/// </summary>
internal static class CelCost
{
    /// <summary>What one rule may cost on a real API server.</summary>
    public const double Budget = 1e7;

    /// <summary>Ten times that: the estimate is not exact.</summary>
    public const double Limit = 10 * Budget;

    private const double LargestRequest = 3 * 1024 * 1024 - 2, Reading = 0.1, Matching = 0.25;

    /// <summary>Most items, entries or characters that a value may have.</summary>
    public static double SizeOf(TypeSchema? schema) => schema switch
    {
        { Type: "array" } => schema.MaxItems ?? LargestRequest / (Smallest(schema.Items) + 1),
        { Type: "object", Values: not null } => schema.MaxProperties ?? LargestRequest / (Smallest(schema.Values) + 6),
        { Enum: { Count: > 0 } choices } => choices.Max(c => c.AsString()?.Length ?? 1),
        { Type: "string", Format: "date-time" or "date" or "duration" } => 33,
        // A character is up to four bytes.
        { Type: "string" } => 4 * schema.MaxLength ?? LargestRequest,
        { IntOrString: true } => LargestRequest,
        _ => 1,
    };

    public static double Of(CelNode node, TypeSchema self) => Cost(node, new Dictionary<string, TypeSchema?> { ["self"] = self, ["oldSelf"] = self });

    /// <summary>Bytes that the shortest value takes.</summary>
    private static double Smallest(TypeSchema? schema) => schema switch
    {
        { Type: "object" } => 2 + schema.Required.Sum(name => name.Length + 4 + Smallest(schema.Properties.GetValueOrDefault(name))),
        { Type: "string" or "array" } => 2,
        { Type: "boolean" } => 4,
        _ => 1,
    };

    private static double Cost(CelNode node, Dictionary<string, TypeSchema?> variables) => node switch
    {
        Comprehension c => Loop(c, variables),
        Call c => Work(c, variables) + (c.Target is null ? 0 : Cost(c.Target, variables)) + c.Arguments.Sum(a => Cost(a, variables)),
        Conditional c => Cost(c.Condition, variables) + Math.Max(Cost(c.Then, variables), Cost(c.Else, variables)),
        Select s => 1 + Cost(s.Target, variables),
        Has h => 1 + Cost(h.Target, variables),
        Subscript s => 1 + Cost(s.Target, variables) + Cost(s.Key, variables),
        Name => 1,
        _ => 0,
    };

    private static double Work(Call c, Dictionary<string, TypeSchema?> variables)
    {
        double Size(CelNode? node) => node switch
        {
            Literal { Value: string text } => text.Length,
            ListOf list => list.Items.Count,
            null => 1,
            _ => SizeOf(SchemaOf(node, variables)),
        };
        return (c.Function, c.Arguments) switch
        {
            ("contains", [var part]) => Math.Ceiling(Reading * Size(c.Target)) * Math.Ceiling(Reading * Size(part)),
            ("matches" or "find", [var pattern, ..]) => Math.Ceiling(Reading * (Size(c.Target) + 1)) * Math.Ceiling(Matching * Size(pattern)),
            ("startsWith" or "endsWith", [var part]) => Math.Ceiling(Reading * Size(part)),
            ("==" or "!=" or "<" or "<=" or ">" or ">=", [var a, var b]) => Math.Max(1, Reading * Math.Min(Size(a), Size(b))),
            ("in", [_, var list]) => Size(list),
            _ => 1,
        };
    }

    private static double Loop(Comprehension c, Dictionary<string, TypeSchema?> variables)
    {
        var range = SchemaOf(c.Target, variables);
        var inner = new Dictionary<string, TypeSchema?>(variables) { [c.Variable] = range?.Items };
        return Cost(c.Target, variables) + SizeOf(range) * (Cost(c.Body, inner) + (c.Mapped is null ? 0 : Cost(c.Mapped, inner)));
    }

    private static TypeSchema? SchemaOf(CelNode node, Dictionary<string, TypeSchema?> variables) => node switch
    {
        Name n => variables.GetValueOrDefault(n.Text),
        Select s => SchemaOf(s.Target, variables)?.Member(s.Field),
        Subscript s => SchemaOf(s.Target, variables) is { } schema ? schema.Items ?? schema.Values : null,
        _ => null,
    };
}
