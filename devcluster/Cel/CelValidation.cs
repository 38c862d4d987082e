using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Cel;

/// <summary>
/// Evaluates the x-kubernetes-validations of a schema: rules with oldSelf only where there is an old value, others only where the value
/// has changed (what a rule that came later forbids may stay).
/// </summary>
internal static class CelValidation
{
    private static readonly ConcurrentDictionary<string, (CelNode? Node, string? Problem)> Parsed = new(StringComparer.Ordinal);

    public static List<FieldError> Check(TypeSchema schema, JsonObject o, JsonObject? old)
    {
        var errors = new List<FieldError>();
        Check(schema, o, old, old is not null, unchanged: false, "", errors);
        return errors;
    }

    public static bool UsesOldSelf(CelRule rule) => rule.Rule.Contains("oldSelf", StringComparison.Ordinal);

    private static void Check(TypeSchema schema, JsonNode? value, JsonNode? old, bool hasOld, bool unchanged, string path, List<FieldError> errors)
    {
        if (value is null || !schema.HasRules)
            return;
        unchanged = unchanged || hasOld && JsonAccess.Same(value, old);
        foreach (var rule in schema.Rules)
        {
            if (!unchanged || UsesOldSelf(rule))
                Apply(rule, schema, value, hasOld ? old : null, path, errors);
        }

        switch (value)
        {
            case JsonObject o:
                foreach (var (key, child) in o)
                {
                    if (schema.Member(key) is { Name: null } member)
                        Check(member, child, old.At(key), hasOld && old.At(key) is not null, unchanged, path.Length == 0 ? key : $"{path}.{key}", errors);
                }

                break;
            case JsonArray a when schema.Items is { } items:
                for (var i = 0; i < a.Count; i++)
                {
                    var before = ListItems.Before(schema, a[i], old as JsonArray);
                    Check(items, a[i], before, hasOld && before is not null, unchanged, $"{path}[{i}]", errors);
                }

                break;
        }
    }

    private static void Apply(CelRule rule, TypeSchema schema, JsonNode value, JsonNode? old, string path, List<FieldError> errors)
    {
        var optional = rule.OptionalOldSelf == true;
        if (UsesOldSelf(rule) && old is null && !optional)
            return;
        var variables = new Dictionary<string, object?> { ["self"] = CelValue.From(value, schema) };
        if (optional)
            variables["oldSelf"] = new CelOptional(old is not null, old is null ? null : CelValue.From(old, schema));
        else if (old is not null)
            variables["oldSelf"] = CelValue.From(old, schema);
        var field = path + rule.FieldPath;
        if (path.Length == 0)
            field = field.TrimStart('.');
        try
        {
            if (Evaluate(rule.Rule, variables) is true)
                return;
        }
        catch (CelException e)
        {
            errors.Add(Error(rule, value, field, $"rule evaluation error: {e.Message}: {rule.Rule}", plainReason: true));
            return;
        }

        errors.Add(Error(rule, value, field, Message(rule, variables), plainReason: false));
    }

    public static object? Evaluate(string rule, IReadOnlyDictionary<string, object?> variables)
    {
        var (node, problem) = Parsed.GetOrAdd(rule, static text =>
        {
            try
            {
                return (CelParser.Parse(text), null);
            }
            catch (CelException e)
            {
                return (null, e.Message);
            }
        });
        return node is null ? throw new CelException(problem!) : CelEvaluator.Evaluate(node, variables);
    }

    private static string Message(CelRule rule, Dictionary<string, object?> variables)
    {
        if (rule.MessageExpression is { Length: > 0 } expression)
        {
            try
            {
                if (Evaluate(expression, variables) is string text && text.Trim().Length > 0 && !text.Contains('\n'))
                    return text;
            }
            catch (CelException)
            {
                // The fixed message, then.
            }
        }

        return rule.Message is { Length: > 0 } message ? message : $"failed rule: {rule.Rule}";
    }

    private static FieldError Error(CelRule rule, JsonNode value, string field, string message, bool plainReason)
    {
        var where = field.Length == 0 ? "<nil>" : field;
        switch (plainReason ? "" : rule.Reason)
        {
            case "FieldValueRequired":
                return FieldError.Required(where, message);
            case "FieldValueForbidden":
                return FieldError.Forbidden(where, message);
            case "FieldValueDuplicate":
                return new FieldError("FieldValueDuplicate", where, $"Duplicate value: {message}");
            default:
                return value is JsonValue
                    ? FieldError.Invalid(where, value, message)
                    : new FieldError("FieldValueInvalid", where, $"Invalid value: {message}");
        }
    }
}
