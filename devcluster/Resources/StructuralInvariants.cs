using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>
/// What makes a schema structural: every field has a type in one place, and what stands under allOf, anyOf, oneOf and not only narrows
/// down fields that are declared outside of them.
/// </summary>
internal sealed class StructuralInvariants
{
    private readonly List<FieldError> errors = [];

    public static List<FieldError> Check(JsonObject root, string path)
    {
        var check = new StructuralInvariants();
        check.Node(root, path, Level.Root);
        check.Complete(root, root, path, path);
        return [.. check.errors.OrderBy(e => e.ToString(), StringComparer.Ordinal)];
    }

    private enum Level { Root, Item, Field }

    private void Node(JsonObject s, string path, Level level)
    {
        var type = s.StringAt("type") ?? "";
        bool intOrString = s.BoolAt("x-kubernetes-int-or-string"), embedded = s.BoolAt("x-kubernetes-embedded-resource"), open = s.BoolAt("x-kubernetes-preserve-unknown-fields");
        if (type == "array" && s["items"] is null)
            errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        if (s["items"] is JsonObject items)
            Node(items, $"{path}.items", Level.Item);
        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject property && !(level == Level.Root && name == "metadata"))
                Node(property, $"{path}.properties[{name}]", Level.Field);
        }

        if (s["additionalProperties"] is { } values)
        {
            if (level == Level.Root)
                errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used at the root"));
            if (embedded)
                errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"));
            if (values is JsonObject value)
                Node(value, $"{path}.additionalProperties", Level.Field);
        }

        if (intOrString && open)
            errors.Add(FieldError.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", true, "must be false if x-kubernetes-int-or-string is true"));
        if (intOrString && embedded)
            errors.Add(FieldError.Invalid($"{path}.x-kubernetes-embedded-resource", true, "must be false if x-kubernetes-int-or-string is true"));
        Nested(s, path, IsIntOrString(s["anyOf"]), IsIntOrString(s.ArrayAt("allOf") is [var first, ..] ? first.At("anyOf") : null));

        if (embedded && type != "object")
            errors.Add(OfType(path, type, "must be object if x-kubernetes-embedded-resource is true"));
        else if (type.Length == 0 && !intOrString && !open)
            errors.Add(FieldError.Required($"{path}.type", $"must not be empty {level switch { Level.Root => "at the root", Level.Item => "for specified array items", _ => "for specified object fields" }}"));
        if (level == Level.Root && type.Length > 0 && type != "object")
            errors.Add(FieldError.Invalid($"{path}.type", type, "must be object at the root"));
        if (level == Level.Root || embedded)
            TypeMeta(s, path);
        if (level == Level.Root)
            Metadata(s, path);
        if (embedded && !open && s.ObjectAt("properties") is null or { Count: 0 })
            errors.Add(FieldError.Required($"{path}.properties", "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
    }

    private static FieldError OfType(string path, string type, string detail)
        => type.Length == 0 ? FieldError.Required($"{path}.type", detail) : FieldError.Invalid($"{path}.type", type, detail);

    private void TypeMeta(JsonObject s, string path)
    {
        foreach (var (name, wanted) in new[] { ("kind", "string"), ("apiVersion", "string"), ("metadata", "object") })
        {
            if (s.ObjectAt("properties", name) is { } field && field.StringAt("type") != wanted)
                errors.Add(FieldError.Invalid($"{path}.properties[{name}].type", field.StringAt("type") ?? "", $"must be {wanted}"));
        }
    }

    private void Metadata(JsonObject root, string path)
    {
        if (root.ObjectAt("properties", "metadata") is not { } metadata)
            return;
        var names = (metadata.ObjectAt("properties") ?? []).All(p => p.Key is "name" or "generateName");
        if (!names || metadata.Any(p => p.Key is not ("type" or "properties" or "default")))
            errors.Add(FieldError.Forbidden($"{path}.properties[metadata]", "must not specify anything other than name and generateName, but metadata is implicitly specified"));
    }

    private static bool IsIntOrString(JsonNode? anyOf) => anyOf is not null && anyOf.Text() == """[{"type":"integer"},{"type":"string"}]""";

    private void Nested(JsonObject s, string path, bool skipAnyOf, bool skipFirst)
    {
        foreach (var kind in new[] { "anyOf", "allOf", "oneOf" })
        {
            for (var i = 0; i < (s.ArrayAt(kind)?.Count ?? 0) && !(kind == "anyOf" && skipAnyOf); i++)
                NestedNode(s.ArrayAt(kind)![i] as JsonObject, $"{path}.{kind}[{i}]", kind == "allOf" && i == 0 && skipFirst);
        }

        NestedNode(s["not"] as JsonObject, $"{path}.not", false);
        if (s.StringAt("pattern") is { } pattern && Problem(pattern) is { } problem)
            errors.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {problem}"));
    }

    private void NestedNode(JsonObject? v, string path, bool skipAnyOf)
    {
        if (v is null)
            return;
        Nested(v, path, skipAnyOf, skipFirst: false);
        NestedNode(v["items"] as JsonObject, $"{path}.items", false);
        foreach (var (name, child) in v.ObjectAt("properties") ?? [])
            NestedNode(child as JsonObject, $"{path}.properties[{name}]", false);
        foreach (var (field, what) in new[]
        {
            ("type", "empty"), ("additionalProperties", "undefined"), ("default", "undefined"), ("title", "empty"), ("description", "empty"), ("nullable", "false"),
            ("x-kubernetes-preserve-unknown-fields", "false"), ("x-kubernetes-embedded-resource", "false"), ("x-kubernetes-int-or-string", "false"),
            ("x-kubernetes-list-map-keys", "empty"), ("x-kubernetes-list-type", "undefined"), ("x-kubernetes-map-type", "undefined"), ("x-kubernetes-validations", "empty"),
        })
        {
            if (v[field] is { } value && value.Text() is not ("false" or "\"\"" or "[]"))
                errors.Add(FieldError.Forbidden($"{path}.{field}", $"must be {what} to be structural"));
        }

        if (v.At("properties", "metadata") is not null)
            errors.Add(FieldError.Forbidden($"{path}.properties[metadata]", "must not be specified in a nested context"));
    }

    /// <summary>Every field of a nested schema is declared outside of it as well.</summary>
    private void Complete(JsonObject nested, JsonObject s, string path, string nestedPath)
    {
        foreach (var kind in new[] { "allOf", "anyOf", "oneOf" })
        {
            for (var i = 0; i < (nested.ArrayAt(kind)?.Count ?? 0); i++)
                CompleteNode(nested.ArrayAt(kind)![i] as JsonObject, s, path, $"{nestedPath}.{kind}[{i}]");
        }

        CompleteNode(nested["not"] as JsonObject, s, path, $"{nestedPath}.not");
    }

    private void CompleteNode(JsonObject? nested, JsonObject s, string path, string nestedPath)
    {
        if (nested is null)
            return;
        Complete(nested, s, path, nestedPath);
        if (nested["items"] is JsonObject items)
            Declared(items, s["items"] as JsonObject, $"{path}.items", $"{nestedPath}.items");
        foreach (var (name, child) in nested.ObjectAt("properties") ?? [])
            Declared(child as JsonObject, s.ObjectAt("properties", name), $"{path}.properties[{name}]", $"{nestedPath}.properties[{name}]");
    }

    private void Declared(JsonObject? nested, JsonObject? s, string path, string nestedPath)
    {
        if (s is null)
            errors.Add(FieldError.Required(path, $"because it is defined in {nestedPath}"));
        else
            CompleteNode(nested, s, path, nestedPath);
    }

    private static string? Problem(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"error parsing regexp: {e.Message}";
        }
    }
}
