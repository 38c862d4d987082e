using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>What a schema of a definition may say beyond being structural: types, list types, and the form of its rules.</summary>
internal sealed class OpenApiSchemaValidation
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    private readonly List<FieldError> errors = [];

    public static List<FieldError> Check(JsonObject root, string path)
    {
        var check = new OpenApiSchemaValidation();
        if (root.BoolAt("nullable"))
            check.errors.Add(FieldError.Forbidden($"{path}.nullable", "nullable cannot be true at the root"));
        check.Node(root, path, noDefaults: null, isRoot: true);
        return check.errors;
    }

    /// <param name="s">The schema.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="noDefaults">Why there may be no default here; null where there may.</param>
    /// <param name="isRoot">Whether it is the schema of the whole object.</param>
    private void Node(JsonObject s, string path, string? noDefaults, bool isRoot = false)
    {
        if (s.StringAt("type") is { Length: > 0 } type)
        {
            if (!Types.Contains(type))
                errors.Add(FieldError.NotSupported($"{path}.type", type, Types));
            if (type == "null")
                errors.Add(FieldError.Forbidden($"{path}.type", "type cannot be set to null, use nullable as an alternative"));
        }

        if (s["default"] is not null && noDefaults is not null)
            errors.Add(FieldError.Forbidden($"{path}.default", $"must not be set {noDefaults}"));
        foreach (var unsupported in new[] { "id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref" })
        {
            if (s[unsupported] is not null)
                errors.Add(FieldError.Forbidden($"{path}.{unsupported}", $"{unsupported} is not supported"));
        }

        if (s.BoolAt("uniqueItems"))
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        if (s["additionalProperties"] is { } values && s.ObjectAt("properties") is { Count: > 0 } && values.Text() != "true")
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
        if (s["x-kubernetes-preserve-unknown-fields"] is { } preserve && preserve.Text() == "false")
            errors.Add(FieldError.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", false, "must be true or undefined"));
        Kinds(s, path, "map", "object", ["atomic", "granular"]);
        Kinds(s, path, "list", "array", ["atomic", "set", "map"]);
        ListType(s, path);
        Rules(s, path);

        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject property)
                Node(property, $"{path}.properties[{name}]", isRoot && name is "metadata" or "kind" or "apiVersion" ? $"in top-level {name}" : noDefaults);
        }

        foreach (var field in new[] { "items", "additionalProperties", "not" })
        {
            if (s[field] is JsonObject inner)
                Node(inner, $"{path}.{field}", noDefaults);
        }

        foreach (var field in new[] { "allOf", "anyOf", "oneOf" })
        {
            for (var i = 0; i < (s.ArrayAt(field)?.Count ?? 0); i++)
            {
                if (s.ArrayAt(field)![i] is JsonObject inner)
                    Node(inner, $"{path}.{field}[{i}]", noDefaults);
            }
        }
    }

    private void Kinds(JsonObject s, string path, string which, string wanted, string[] known)
    {
        var field = $"x-kubernetes-{which}-type";
        if (s.StringAt(field) is not { } kind)
            return;
        var type = s.StringAt("type") ?? "";
        if (type.Length == 0)
            errors.Add(FieldError.Required($"{path}.type", $"must be {wanted} if {field} is specified"));
        else if (type != wanted)
            errors.Add(FieldError.Invalid($"{path}.type", type, $"must be {wanted} if {field} is specified"));
        if (!known.Contains(kind))
            errors.Add(FieldError.NotSupported($"{path}.{field}", kind, known));
    }

    private void ListType(JsonObject s, string path)
    {
        const string listType = "x-kubernetes-list-type", mapKeys = "x-kubernetes-list-map-keys";
        var kind = s.StringAt(listType);
        var keys = s[mapKeys].StringItems().ToList();
        var items = s.ObjectAt("items");
        var itemType = items.StringAt("type");
        if (kind == "set" && itemType == "object" && items.StringAt("x-kubernetes-map-type") != "atomic")
            errors.Add(FieldError.Invalid($"{path}.items.x-kubernetes-map-type", items.At("x-kubernetes-map-type"), "must be atomic as item of a list with x-kubernetes-list-type=set"));
        if (kind == "set" && itemType == "array" && items.StringAt(listType) is not (null or "atomic"))
            errors.Add(FieldError.Invalid($"{path}.items.{listType}", items.At(listType), "must be atomic as item of a list with x-kubernetes-list-type=set"));
        if (keys.Count > 0 && kind is null)
            errors.Add(FieldError.Required($"{path}.{listType}", "must be map if x-kubernetes-list-map-keys is non-empty"));
        else if (keys.Count > 0 && kind != "map")
            errors.Add(FieldError.Invalid($"{path}.{listType}", kind, "must be map if x-kubernetes-list-map-keys is non-empty"));
        if (kind == "map")
            MapKeys(s, path, keys, items, itemType);
        if (kind is "set" or "map" && items.BoolAt("nullable"))
            errors.Add(FieldError.Forbidden($"{path}.items.nullable", $"cannot be nullable when x-kubernetes-list-type is {kind}"));
        if (kind != "map")
            return;
        foreach (var key in keys)
        {
            if (items.At("properties", key) is not { } member)
                continue;
            var at = $"{path}.items.properties[{key}]";
            if (!items.At("required").StringItems().Contains(key) && member.At("default") is null)
                errors.Add(FieldError.Required($"{at}.default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            if (member.BoolAt("nullable"))
                errors.Add(FieldError.Forbidden($"{at}.nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
        }

        void MapKeys(JsonObject list, string at, List<string> names, JsonObject? item, string? type)
        {
            if (names.Count == 0)
                errors.Add(FieldError.Required($"{at}.{mapKeys}", "must not be empty if x-kubernetes-list-type is map"));
            if (item is null)
                errors.Add(FieldError.Required($"{at}.items", "must have a schema if x-kubernetes-list-type is map"));
            else if (type != "object")
                errors.Add(FieldError.Invalid($"{at}.items.type", type ?? "", "must be object if parent array's x-kubernetes-list-type is map"));
            else
            {
                foreach (var name in names)
                {
                    if (item.At("properties", name) is not { } member)
                        errors.Add(FieldError.Invalid($"{at}.{mapKeys}", list[mapKeys], "entries must all be names of item properties"));
                    else if (member.StringAt("type") is "array" or "object")
                        errors.Add(FieldError.Invalid($"{at}.items.properties[{name}].type", type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
                }

                foreach (var _ in names.GroupBy(n => n).SelectMany(n => n.Skip(1)))
                    errors.Add(FieldError.Invalid($"{at}.{mapKeys}", list[mapKeys], "must not contain duplicate entries"));
            }
        }
    }

    private void Rules(JsonObject s, string path)
    {
        var rules = s.ArrayAt("x-kubernetes-validations") ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var at = $"{path}.x-kubernetes-validations[{i}]";
            string rule = rules[i].StringAt("rule") ?? "", message = rules[i].StringAt("message") ?? "", expression = rules[i].StringAt("messageExpression") ?? "",
                field = rules[i].StringAt("fieldPath") ?? "";
            if (rule.Trim().Length == 0)
                errors.Add(FieldError.Required($"{at}.rule", "rule is not specified"));
            else if (message.Length > 0 && message.Trim().Length == 0)
                errors.Add(FieldError.Invalid($"{at}.message", message, "message must be non-empty if specified"));
            else if (HasLineBreak(message.Trim()))
                errors.Add(FieldError.Invalid($"{at}.message", message, "message must not contain line breaks"));
            else if (HasLineBreak(rule.Trim()) && message.Trim().Length == 0)
                errors.Add(FieldError.Required($"{at}.message", "message must be specified if rule contains line breaks"));
            if (expression.Length > 0 && expression.Trim().Length == 0)
                errors.Add(FieldError.Required($"{at}.messageExpression", "messageExpression must be non-empty if specified"));
            if (rules[i].StringAt("reason") is not (null or "FieldValueRequired" or "FieldValueInvalid" or "FieldValueForbidden" or "FieldValueDuplicate") and var reason)
                errors.Add(FieldError.NotSupported($"{at}.reason", reason, "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"));
            if (field.Length > 0 && field.Trim().Length == 0)
                errors.Add(FieldError.Invalid($"{at}.fieldPath", field, "fieldPath must be non-empty if specified"));
            if (HasLineBreak(field))
                errors.Add(FieldError.Invalid($"{at}.fieldPath", field, "fieldPath must not contain line breaks"));
            if (field.Length > 0 && !SchemaRules.HasField(StructuralSchema.Read(s), field))
                errors.Add(FieldError.Invalid($"{at}.fieldPath", field, "fieldPath must be a valid path"));
        }
    }

    private static bool HasLineBreak(string text) => text.AsSpan().IndexOfAny('\r', '\n') >= 0;
}
