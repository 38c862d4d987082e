using LightReasoner.DevCluster.Schema;
using static LightReasoner.DevCluster.Cel.CelNode;

namespace LightReasoner.DevCluster.Cel;

/// <summary>
/// A rough upper bound of what a rule may cost: nested loops over lists and maps without a limit multiply. Only what is far
/// beyond the budget of a real API server is refused here.
/// </summary>
internal static class CelCost
{
    /// <summary>A hundred times the budget of one rule.</summary>
    public const double Limit = 1e9;

    // As many items as fit into the largest request.
    private const double Unbounded = 1_000_000;

    public static double SizeOf(TypeSchema? schema) => schema switch
    {
        { Type: "array" } => schema.MaxItems ?? Unbounded,
        { Type: "object", Values: not null } => schema.MaxProperties ?? Unbounded,
        _ => 1,
    };

    public static double Of(CelNode node, TypeSchema self) => Cost(node, new Dictionary<string, TypeSchema?> { ["self"] = self, ["oldSelf"] = self });

    private static double Cost(CelNode node, Dictionary<string, TypeSchema?> variables) => node switch
    {
        Comprehension c => Loop(c, variables),
        Call c => 1 + (c.Target is null ? 0 : Cost(c.Target, variables)) + c.Arguments.Sum(a => Cost(a, variables)),
        Conditional c => Cost(c.Condition, variables) + Math.Max(Cost(c.Then, variables), Cost(c.Else, variables)),
        Select s => Cost(s.Target, variables),
        Subscript s => Cost(s.Target, variables) + Cost(s.Key, variables),
        _ => 0.1,
    };

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
