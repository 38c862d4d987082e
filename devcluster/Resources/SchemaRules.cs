using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Cel;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Do the rules of a schema compile, and do they stay affordable?</summary>
internal sealed class SchemaRules
{
    private readonly List<FieldError> errors = [];
    private double total;

    public static List<FieldError> Check(JsonObject root, string path)
    {
        var check = new SchemaRules();
        check.Node(StructuralSchema.Read(root), path, 1, uncorrelated: null);
        const double budget = 10 * CelCost.Budget;
        if (check.total > 10 * budget)
            check.errors.Add(FieldError.Forbidden(path, Exceeds("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", check.total / budget)));

        return check.errors;
    }

    /// <summary>Whether a path of the form .a.b names a field.</summary>
    public static bool HasField(TypeSchema schema, string path)
    {
        if (path[0] != '.')
            return path[0] == '[';
        TypeSchema? at = schema;
        foreach (var part in path[1..].Split('.'))
        {
            // What is quoted in brackets is the key of a map.
            var name = part.Split('[')[0];
            at = at?.Member(name);
            if (at is null)
                return false;
            if (part.Contains('['))
                return true;
        }

        return true;
    }

    /// <param name="schema">The schema.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="repetitions">How often values of it may occur.</param>
    /// <param name="uncorrelated">Path of the list or map around it whose members have no identity, so that there is no old value; null for none.</param>
    private void Node(TypeSchema schema, string path, double repetitions, string? uncorrelated)
    {
        for (var i = 0; i < schema.Rules.Count; i++)
        {
            var rule = schema.Rules[i];
            var at = $"{path}.x-kubernetes-validations[{i}]";
            Compile(rule.Rule, schema, rule.OptionalOldSelf == true, "bool", $"{at}.rule", repetitions);
            if (rule.MessageExpression is { Length: > 0 } message)
                Compile(message, schema, rule.OptionalOldSelf == true, "string", $"{at}.messageExpression", repetitions);
            if (uncorrelated is not null && CelValidation.UsesOldSelf(rule))
                errors.Add(FieldError.Invalid($"{at}.rule", rule.Rule, $"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"));
            if (rule.OptionalOldSelf is { } optional && !CelValidation.UsesOldSelf(rule))
                errors.Add(FieldError.Invalid($"{at}.optionalOldSelf", optional, "may not be set if oldSelf is not used in rule"));
        }

        foreach (var (name, child) in schema.Properties)
            Node(child, $"{path}.properties[{name}]", repetitions, uncorrelated ?? (schema.AtomicMap ? path : null));
        if (schema.Items is { } items)
            Node(items, $"{path}.items", repetitions * CelCost.SizeOf(schema), uncorrelated ?? (schema.ListType == "map" ? null : path));
        if (schema.Values is { } values)
            Node(values, $"{path}.additionalProperties", repetitions * CelCost.SizeOf(schema), uncorrelated ?? (schema.AtomicMap ? path : null));
    }

    private static string Exceeds(string what, double factor) => FormattableString.Invariant(
        $"{what} exceeds budget by factor of {(factor > 100 ? "more than 100x" : FormattableString.Invariant($"{factor:0.0}x"))} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)");

    private void Compile(string text, TypeSchema schema, bool optionalOldSelf, string wanted, string path, double repetitions)
    {
        try
        {
            var node = CelParser.Parse(text);
            var type = CelTypes.Of(node, schema, optionalOldSelf);
            if (type != wanted && type != CelTypes.Dynamic)
                errors.Add(FieldError.Invalid(path, text, wanted == "bool" ? "cel expression must evaluate to a bool" : $"messageExpression must evaluate to a {wanted}"));
            var cost = CelCost.Of(node, schema) * repetitions;
            total += cost;
            if (cost > CelCost.Limit)
                errors.Add(FieldError.Forbidden(path, Exceeds("estimated rule cost", cost / CelCost.Budget)));
            if (cost > 100 * CelCost.Budget)
                errors.Add(FieldError.Forbidden(path, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"));
        }
        catch (CelException e)
        {
            errors.Add(FieldError.Invalid(path, text, $"compilation failed: ERROR: <input>:1:{e.At + 1}: {e.Message}"));
        }
    }
}
