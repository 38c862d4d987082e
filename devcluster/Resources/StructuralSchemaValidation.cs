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

    private void Node(JsonObject s, string path, double repetitions, bool isRoot = false)
    {
        var type = s.StringAt("type");
        var loose = s.BoolAt("x-kubernetes-int-or-string") || s.BoolAt("x-kubernetes-preserve-unknown-fields");
        if (type is null && !loose && !isRoot)
            errors.Add(FieldError.Required($"{path}.type", $"must not be empty for specified {(path.EndsWith(".items", StringComparison.Ordinal) ? "array items" : path.EndsWith(".additionalProperties", StringComparison.Ordinal) ? "object additional properties" : "object fields")}"));
        if (type == "array" && s["items"] is null)
            errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        if (s["properties"] is not null && s["additionalProperties"] is not null)
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used simultaneously with properties"));
        ListType(s, path);
        var schema = StructuralSchema.Read(s);
        if (schema.Default is { } value)
        {
            foreach (var error in Validation.Check(value, schema, $"{path}.default", $"{path}.default"))
                errors.Add(error);
        }

        Rules(schema, path, repetitions);
        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject o && !(isRoot && name == "metadata"))
                Node(o, $"{path}.properties[{name}]", repetitions);
        }

        if (s["items"] is JsonObject items)
            Node(items, $"{path}.items", repetitions * CelCost.SizeOf(schema));
        if (s["additionalProperties"] is JsonObject values)
            Node(values, $"{path}.additionalProperties", repetitions * CelCost.SizeOf(schema));
    }

    private void ListType(JsonObject s, string path)
    {
        var kind = s.StringAt("x-kubernetes-list-type");
        var keys = s["x-kubernetes-list-map-keys"].StringItems().ToList();
        if (kind is not (null or "atomic" or "set" or "map"))
            errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", kind, "atomic", "map", "set"));
        if (kind == "map" && keys.Count == 0)
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        foreach (var (key, i) in keys.Select((k, i) => (k, i)))
        {
            if (s.At("items", "properties", key) is not { } member)
                errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys[{i}]", key, "entries must all be names of item properties"));
            else if (!s.At("items", "required").StringItems().Contains(key) && member.At("default") is null)
                errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
        }
    }

    private void Rules(TypeSchema schema, string path, double repetitions)
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
            Compile(rule.Rule, schema, "bool", $"{at}.rule", repetitions);
            if (rule.MessageExpression is { Length: > 0 } message)
                Compile(message, schema, "string", $"{at}.messageExpression", repetitions);
        }
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
