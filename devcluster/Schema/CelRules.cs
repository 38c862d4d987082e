using Cel;

namespace LightReasoner.DevCluster.Schema;

/// <summary>One entry of x-kubernetes-validations.</summary>
internal sealed record CelRule(string Rule, string? Message, string? MessageExpression, string? Reason, string? FieldPath)
{
    public bool UsesOldSelf => Rule.Contains("oldSelf", StringComparison.Ordinal);

    public static CelRule From(JsonObject o)
        => new(o.Text("rule") ?? "", o.Text("message"), o.Text("messageExpression"), o.Text("reason"), o.Text("fieldPath"));
}

/// <summary>
/// Evaluates the x-kubernetes-validations of a schema: rules with oldSelf only where there is an old value, others only where the value
/// has changed (what a rule that came later forbids may stay).
/// </summary>
internal static partial class CelRules
{
    /// <summary>The package's <c>has</c> takes what is empty for absent, as protobuf does; Kubernetes does not.</summary>
    [GeneratedRegex(@"\bhas\(\s*([^()]+?)\.(\w+)\s*\)")]
    private static partial Regex Has();

    private static readonly CelEnvironment Environment = new([], "");
    private static readonly ConcurrentDictionary<string, CelProgramDelegate> Compiled = new(StringComparer.Ordinal);

    public static List<FieldError> Check(TypeSchema schema, JsonObject o, JsonObject? old)
    {
        var errors = new List<FieldError>();
        Check(schema, o, old, unchanged: false, "", errors);
        return errors;
    }

    /// <summary>What is wrong with the text of an expression, or null.</summary>
    public static string? Problem(string expression)
    {
        try
        {
            Compile(expression);
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private static void Check(TypeSchema schema, JsonNode? value, JsonNode? old, bool unchanged, string path, List<FieldError> errors)
    {
        if (value is null || !schema.HasRules)
            return;
        unchanged = unchanged || JsonAccess.Same(value, old);
        foreach (var rule in schema.Rules)
        {
            if (rule.UsesOldSelf ? old is not null : !unchanged)
                Apply(rule, schema, value, old, path, errors);
        }

        switch (value)
        {
            case JsonObject o:
                foreach (var (key, child) in o)
                {
                    if (schema.Member(key) is { Name: null } member)
                        Check(member, child, old.At(key), unchanged, path.Length == 0 ? key : $"{path}.{key}", errors);
                }

                break;
            case JsonArray a when schema.Items is { } items:
                for (var i = 0; i < a.Count; i++)
                    Check(items, a[i], schema.ItemBefore(a[i], old as JsonArray), unchanged, $"{path}[{i}]", errors);
                break;
        }
    }

    private static void Apply(CelRule rule, TypeSchema schema, JsonNode value, JsonNode? old, string path, List<FieldError> errors)
    {
        var variables = new Dictionary<string, object?> { ["self"] = Value(value, schema), ["oldSelf"] = Value(old, schema) };
        var field = path.Length == 0 ? rule.FieldPath?.TrimStart('.') ?? "" : path + rule.FieldPath;
        try
        {
            if (Evaluate(rule.Rule, variables) is not true)
                errors.Add(Error(rule, rule.Reason, value, field, Message(rule, variables)));
        }
        catch (Exception e)
        {
            errors.Add(Error(rule, null, value, field, $"rule evaluation error: {e.Message}: {rule.Rule}"));
        }
    }

    private static CelProgramDelegate Compile(string expression) =>
        Compiled.GetOrAdd(expression, static e => Environment.Compile(Has().Replace(e, "('$2' in $1)")));

    private static object? Evaluate(string expression, Dictionary<string, object?> variables)
    {
        lock (Environment)
            return Compile(expression)(variables);
    }

    private static string Message(CelRule rule, Dictionary<string, object?> variables)
        => rule.MessageExpression is { Length: > 0 } expression && Evaluate(expression, variables) is string { Length: > 0 } text ? text
            : rule.Message is { Length: > 0 } message ? message
            : $"failed rule: {rule.Rule}";

    private static FieldError Error(CelRule rule, string? reason, JsonNode value, string field, string message)
    {
        var where = field.Length == 0 ? "<nil>" : field;
        return reason switch
        {
            "FieldValueRequired" => FieldError.Required(where, message),
            "FieldValueForbidden" => FieldError.Forbidden(where, message),
            "FieldValueDuplicate" => new FieldError(reason, where, $"Duplicate value: {message}"),
            _ when value is JsonValue => FieldError.Invalid(where, value, message),
            _ => new FieldError("FieldValueInvalid", where, $"Invalid value: {message}"),
        };
    }

    /// <summary>JSON values as CEL sees them; the schema tells a number from an integer and a time from a string.</summary>
    private static object? Value(JsonNode? node, TypeSchema? schema) => node switch
    {
        JsonObject o => o.Where(p => p.Value is not null || schema?.Member(p.Key)?.Nullable == true)
            .ToDictionary(p => p.Key, p => Value(p.Value, schema?.Member(p.Key))),
        JsonArray a => a.Select(i => Value(i, schema?.Items)).ToList(),
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => schema?.Type != "number" && v.Number() is { } l ? (object)l : v.AsDouble(),
            _ when schema?.Format == "date-time" && DateTimeOffset.TryParse(v.Text(), CultureInfo.InvariantCulture, out var t) => t,
            _ => v.Text(),
        },
        _ => null,
    };
}
