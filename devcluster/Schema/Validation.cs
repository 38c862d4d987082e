using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Schema;

/// <summary>Checks a value against a structural schema; the errors read as those of a real API server.</summary>
internal sealed class Validation(string root)
{
    private readonly List<FieldError> errors = [];

    /// <summary>The errors of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="schema">What it is checked against.</param>
    /// <param name="path">Where it lies in the object.</param>
    /// <param name="root">The part of the path that the texts leave out.</param>
    /// <param name="old">The value before an update: what has not changed since is not held against a schema that has.</param>
    public static List<FieldError> Check(JsonNode? value, TypeSchema schema, string path, string root = "", JsonNode? old = null)
    {
        var validation = new Validation(root);
        validation.Value(value, schema, path, old);
        if (old is null || !HasDuplicates(old, schema))
            validation.ListTypes(value, schema, path);
        return validation.errors;
    }

    private static bool HasDuplicates(JsonNode value, TypeSchema schema)
    {
        var before = new Validation("");
        before.ListTypes(value, schema, "");
        return before.errors.Count > 0;
    }

    public static bool IsDateTime(string text)
        => text.Length >= 20 && text[10] is 'T' or 't'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _)
            && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-');

    /// <summary>After these errors the CEL rules are not evaluated.</summary>
    public static bool IsBlocking(FieldError error)
        => error.Reason is FieldError.RequiredReason or "FieldValueTypeInvalid" or "FieldValueNotSupported" or "FieldValueTooLong" or "FieldValueTooMany";

    private string Body(string path) => path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;

    private void Value(JsonNode? value, TypeSchema schema, string path, JsonNode? old = null)
    {
        if (value is null && schema.Nullable || old is not null && JsonAccess.Same(value, old))
            return;
        if (!TypeFits(value, schema, path))
            return;
        Combinations(value, schema, path);
        switch (value)
        {
            case JsonObject o:
                Object(o, schema, path, old as JsonObject);
                break;
            case JsonArray a:
                Array(a, schema, path, old as JsonArray);
                break;
            case JsonValue v when v.GetValueKind() == JsonValueKind.String:
                String(v.GetValue<string>(), schema, path);
                break;
            case JsonValue v when v.GetValueKind() == JsonValueKind.Number:
                Number(v, schema, path);
                break;
        }

        if (schema.Source.ArrayAt("enum") is { } allowed && !allowed.Any(a => JsonAccess.Same(a, value)))
            errors.Add(FieldError.NotSupported(path, value.Text() ?? value.ToText(), allowed.Select(a => a.Text() ?? a.ToText())));
    }

    private bool TypeFits(JsonNode? value, TypeSchema schema, string path)
    {
        var actual = TypeOf(value);
        if (schema.IntOrString)
        {
            if (actual is "integer" or "string")
                return true;
            errors.Add(FieldError.TypeInvalid(path, actual, $"{Body(path)} in body must be of type integer,string: \"{actual}\""));
            if (schema.Source.ContainsKey("anyOf"))
            {
                errors.Add(FieldError.Invalid("<nil>", "", $"\"{path}\" must validate at least one schema (anyOf)"));
                errors.Add(FieldError.TypeInvalid(path, actual, $"{Body(path)} in body must be of type integer: \"{actual}\""));
            }

            return false;
        }

        if (schema.Type is null || schema.Type == actual || (schema.Type == "number" && actual == "integer"))
            return true;
        errors.Add(FieldError.TypeInvalid(path, actual, $"{Body(path)} in body must be of type {schema.Type}: \"{actual}\""));
        if (schema.Type == "integer" && actual == "number")
        {
            var format = schema.Format is null ? "(default format)" : $"with format {schema.Format}";
            errors.Add(FieldError.Invalid("<nil>", "", $"Checked value must be of type integer {format} in {path}"));
        }

        return false;
    }

    private void Combinations(JsonNode? value, TypeSchema schema, string path)
    {
        void Violated(string what) => errors.Add(FieldError.Invalid("<nil>", "", $"\"{path}\" must {what}"));
        var source = schema.Source;
        if (source.Items("anyOf").ToList() is { Count: > 0 } any && any.TrueForAll(s => Fails(value, s, path)))
            Violated("validate at least one schema (anyOf)");
        if (source.Items("oneOf").ToList() is { Count: > 0 } one && one.Count(s => !Fails(value, s, path)) is not 1 and var n)
            Violated($"validate one and only one schema (oneOf). {(n == 0 ? "Found none valid" : $"Found {n} valid alternatives")}");
        foreach (var _ in source.Items("allOf").Where(s => Fails(value, s, path)))
            Violated("validate all the schemas (allOf)");
        if (source.Map("not") is { } not && !Fails(value, not, path))
            Violated("not validate the schema (not)");
    }

    private bool Fails(JsonNode? value, JsonObject schema, string path)
    {
        var check = new Validation(root);
        check.Value(value, StructuralSchema.Read(schema), path);
        return check.errors.Count > 0;
    }

    private void Object(JsonObject o, TypeSchema schema, string path, JsonObject? old)
    {
        if (schema.Source.Number("maxProperties") is { } max && o.Count > max)
            errors.Add(FieldError.TooMany(path, o.Count, max));
        if (schema.Source.Number("minProperties") is { } min && o.Count < min)
            errors.Add(FieldError.Invalid(path, o.Count, $"{Body(path)} in body should have at least {min} properties"));
        foreach (var (key, child) in o)
        {
            // ObjectMeta has checks of its own.
            if (schema.Member(key) is { Name: null } member)
                Value(child, member, Join(path, key), old?[key]);
        }

        foreach (var name in schema.Source["required"].StringItems())
        {
            if (!o.ContainsKey(name))
                errors.Add(FieldError.Required(Join(path, name)));
        }
    }

    private void Array(JsonArray a, TypeSchema schema, string path, JsonArray? old)
    {
        if (schema.Source.Number("minItems") is { } min && a.Count < min)
            errors.Add(FieldError.Invalid(path, a.Count, $"{Body(path)} in body should have at least {min} items"));
        if (schema.Source.Number("maxItems") is { } max && a.Count > max)
            errors.Add(FieldError.TooMany(path, a.Count, max));
        if (schema.Items is not { } items)
            return;
        for (var i = 0; i < a.Count; i++)
            Value(a[i], items, $"{path}[{i}]", schema.ItemBefore(a[i], old));
    }

    private void String(string text, TypeSchema schema, string path)
    {
        var length = text.EnumerateRunes().Count();
        if (schema.Source.Number("maxLength") is { } max && length > max)
            errors.Add(FieldError.TooLong(path, max));
        if (schema.Source.Number("minLength") is { } min && length < min)
            errors.Add(FieldError.Invalid(path, text, $"{Body(path)} in body should be at least {min} chars long"));
        if (schema.Source.Text("pattern") is { } pattern && !Regex.IsMatch(text, pattern.Replace("$", "\\z"),
            RegexOptions.CultureInvariant))
            errors.Add(FieldError.Invalid(path, text, $"{Body(path)} in body should match '{pattern}'"));
        if (schema.Format == "date-time" && !IsDateTime(text))
            errors.Add(FieldError.TypeInvalid(path, text,
                $"{Body(path)} in body must be of type {schema.Format}: {FieldError.Quote(text)}"));
    }

    private void Number(JsonValue v, TypeSchema schema, string path)
    {
        var d = v.AsDouble();
        if (schema is { Type: "integer", Format: "int32" } && d is < int.MinValue or > int.MaxValue)
            errors.Add(FieldError.Invalid("<nil>", "", $"Checked value must be of type integer with format int32 in {path}"));
        double? Bound(string key) => (schema.Source[key] as JsonValue)?.AsDouble();
        bool strictMax = schema.Source.BoolAt("exclusiveMaximum"), strictMin = schema.Source.BoolAt("exclusiveMinimum");
        if (Bound("multipleOf") is { } factor && Math.Abs(d / factor - Math.Round(d / factor)) > 1e-9)
            errors.Add(FieldError.Invalid(path, v, $"{Body(path)} in body should be a multiple of {Plain(factor)}"));
        if (Bound("maximum") is { } max && (strictMax ? d >= max : d > max))
            errors.Add(FieldError.Invalid(path, v,
                $"{Body(path)} in body should be less than {(strictMax ? "" : "or equal to ")}{Plain(max)}"));
        if (Bound("minimum") is { } min && (strictMin ? d <= min : d < min))
            errors.Add(FieldError.Invalid(path, v,
                $"{Body(path)} in body should be greater than {(strictMin ? "" : "or equal to ")}{Plain(min)}"));
    }

    // Sets and maps: no two items that are the same.
    private void ListTypes(JsonNode? value, TypeSchema schema, string path)
    {
        if (value is JsonObject o)
        {
            foreach (var (key, child) in o)
            {
                if (schema.Member(key) is { Name: null } member)
                    ListTypes(child, member, Join(path, key));
            }
        }
        else if (value is JsonArray a)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < a.Count; i++)
            {
                var identity = schema.ListType switch
                {
                    "set" => a[i]?.DeepClone(),
                    "map" => new JsonObject(schema.ListMapKeys.Select(k => KeyValuePair.Create(k, a[i].At(k)?.DeepClone()))),
                    _ => null,
                };
                if (identity is not null && !seen.Add(identity.ToText()))
                    errors.Add(FieldError.Duplicate($"{path}[{i}]", identity));
                if (schema.Items is { } items)
                    ListTypes(a[i], items, $"{path}[{i}]");
            }
        }
    }

    public static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => v.Number() is not null ? "integer" : "number",
            _ => "boolean",
        },
        _ => "null",
    };

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string Plain(double d) => d.ToString("R", CultureInfo.InvariantCulture);
}
