using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Cel;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Is a schema structural, do its defaults satisfy it, do its rules compile and stay affordable?</summary>
internal sealed class StructuralSchemaValidation
{
    private readonly List<FieldError> errors = [];
    private bool tooExpensive;

    public List<FieldError> Check(JsonObject root, string path)
    {
        if (root.StringAt("type") != "object")
            errors.Add(root.StringAt("type") is null ? FieldError.Required($"{path}.type", "must not be empty at the root") : FieldError.Invalid($"{path}.type", root["type"], "must be object at the root"));
        Node(root, path, 1, isRoot: true);
        if (tooExpensive)
        {
            errors.Add(FieldError.Forbidden(path, "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x "
                + "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"));
        }

        return errors;
    }

    /// <param name="s">The schema.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="repetitions">How often values of it may occur.</param>
    /// <param name="uncorrelated">Path of the list around it whose items have no identity, so that there is no old value; null for none.</param>
    /// <param name="isRoot">Whether it is the schema of the whole object.</param>
    private void Node(JsonObject s, string path, double repetitions, string? uncorrelated = null, bool isRoot = false)
    {
        var type = s.StringAt("type");
        var loose = s.BoolAt("x-kubernetes-int-or-string") || s.BoolAt("x-kubernetes-preserve-unknown-fields");
        if (type is null && !loose && !isRoot)
            errors.Add(FieldError.Required($"{path}.type", $"must not be empty for specified {(path.EndsWith(".items", StringComparison.Ordinal) ? "array items" : path.EndsWith(".additionalProperties", StringComparison.Ordinal) ? "object additional properties" : "object fields")}"));
        if (type == "array" && s["items"] is null)
            errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        if (s["properties"] is not null && s["additionalProperties"] is not null)
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used simultaneously with properties"));
        if (s.BoolAt("uniqueItems"))
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        if (s.StringAt("pattern") is { } pattern && !IsRegularExpression(pattern, out var problem))
            errors.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {problem}"));
        if (isRoot)
            Metadata(s, path);
        ListType(s, path);
        var schema = StructuralSchema.Read(s);
        if (schema.Default is { } value)
        {
            foreach (var error in Validation.Check(value, schema, $"{path}.default", $"{path}.default"))
                errors.Add(error);
        }

        Rules(schema, path, repetitions, uncorrelated);
        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject o && !(isRoot && name == "metadata"))
                Node(o, $"{path}.properties[{name}]", repetitions, uncorrelated);
        }

        if (s["items"] is JsonObject items)
            Node(items, $"{path}.items", repetitions * CelCost.SizeOf(schema), uncorrelated ?? (s.StringAt("x-kubernetes-list-type") == "map" ? null : path));
        if (s["additionalProperties"] is JsonObject values)
            Node(values, $"{path}.additionalProperties", repetitions * CelCost.SizeOf(schema), uncorrelated);
    }

    private void Metadata(JsonObject root, string path)
    {
        if (root.ObjectAt("properties", "metadata") is not { } metadata)
            return;
        var names = (metadata.ObjectAt("properties") ?? []).All(p => p.Key is "name" or "generateName");
        if (!names || metadata.Any(p => p.Key is not ("type" or "properties" or "default")))
            errors.Add(FieldError.Forbidden($"{path}.properties[metadata]", "must not specify anything other than name and generateName, but metadata is implicitly specified"));
    }

    private static bool IsRegularExpression(string pattern, out string problem)
    {
        try
        {
            _ = new System.Text.RegularExpressions.Regex(pattern, System.Text.RegularExpressions.RegexOptions.CultureInvariant);
            problem = "";
            return true;
        }
        catch (ArgumentException e)
        {
            problem = $"error parsing regexp: {e.Message}";
            return false;
        }
    }

    private void ListType(JsonObject s, string path)
    {
        var kind = s.StringAt("x-kubernetes-list-type");
        var keys = s["x-kubernetes-list-map-keys"].StringItems().ToList();
        if (kind is not (null or "atomic" or "set" or "map"))
            errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", kind, "atomic", "map", "set"));
        if (kind == "map" && keys.Count == 0)
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        if (kind == "set" && s.StringAt("items", "type") == "object" && s.StringAt("items", "x-kubernetes-map-type") != "atomic")
            errors.Add(FieldError.Invalid($"{path}.items.x-kubernetes-map-type", s.At("items", "x-kubernetes-map-type"), "must be atomic as item of a list with x-kubernetes-list-type=set"));
        if (kind == "set" && s.StringAt("items", "type") == "array" && s.StringAt("items", "x-kubernetes-list-type") is not (null or "atomic"))
            errors.Add(FieldError.Invalid($"{path}.items.x-kubernetes-list-type", s.At("items", "x-kubernetes-list-type"), "must be atomic as item of a list with x-kubernetes-list-type=set"));
        foreach (var (key, i) in keys.Select((k, i) => (k, i)))
        {
            if (s.At("items", "properties", key) is not { } member)
                errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys[{i}]", key, "entries must all be names of item properties"));
            else if (!s.At("items", "required").StringItems().Contains(key) && member.At("default") is null)
                errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
        }
    }

    private void Rules(TypeSchema schema, string path, double repetitions, string? uncorrelated)
    {
        for (var i = 0; i < schema.Rules.Count; i++)
        {
            var rule = schema.Rules[i];
            var at = $"{path}.x-kubernetes-validations[{i}]";
            if (rule.Rule.Trim().Length == 0)
            {
                errors.Add(FieldError.Required($"{at}.rule", "rule is not specified"));
                continue;
            }

            if (rule.Reason is not (null or "FieldValueRequired" or "FieldValueInvalid" or "FieldValueForbidden" or "FieldValueDuplicate"))
                errors.Add(FieldError.NotSupported($"{at}.reason", rule.Reason, "FieldValueRequired", "FieldValueInvalid", "FieldValueForbidden", "FieldValueDuplicate"));
            if (rule.Message is { } text && text.AsSpan().IndexOfAny('\r', '\n') >= 0)
                errors.Add(FieldError.Invalid($"{at}.message", text, "message must not contain line breaks"));
            if (rule.FieldPath is { Length: > 0 } field && !Exists(schema, field))
                errors.Add(FieldError.Invalid($"{at}.fieldPath", field, "fieldPath must be a valid path: does not refer to a valid field"));
            if (uncorrelated is not null && System.Text.RegularExpressions.Regex.IsMatch(rule.Rule, @"\boldSelf\b"))
                errors.Add(FieldError.Invalid($"{at}.rule", rule.Rule, $"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"));
            Compile(rule.Rule, schema, "bool", $"{at}.rule", repetitions);
            if (rule.MessageExpression is { Length: > 0 } message)
                Compile(message, schema, "string", $"{at}.messageExpression", repetitions);
        }
    }

    /// <summary>Whether a path of the form .a.b names a field.</summary>
    private static bool Exists(TypeSchema schema, string path)
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

    private void Compile(string text, TypeSchema schema, string wanted, string path, double repetitions)
    {
        try
        {
            var node = CelParser.Parse(text);
            var type = CelTypes.Of(node, schema);
            if (type != wanted && type != CelTypes.Dynamic)
                errors.Add(FieldError.Invalid(path, text, $"cel expression must evaluate to a {wanted}"));
            if (CelCost.Of(node, schema) * repetitions <= CelCost.Limit)
                return;
            tooExpensive = true;
            errors.Add(FieldError.Forbidden(path, "estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"));
            errors.Add(FieldError.Forbidden(path, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"));
        }
        catch (CelException e)
        {
            errors.Add(FieldError.Invalid(path, text, $"compilation failed: ERROR: <input>:1:{e.At + 1}: {e.Message}"));
        }
    }
}
