namespace LightReasoner.DevCluster.Schema;

/// <summary>
/// Checks a value against a structural schema; the errors read as those of a real API server. What has not changed since the old value is
/// not held against a schema that has. Combinations (anyOf, oneOf, allOf, not) are not looked at.
/// </summary>
internal sealed class Validation
{
    private readonly List<FieldError> errors = [];

    public static List<FieldError> Check(JsonNode? value, TypeSchema schema, string path, JsonNode? old = null)
    {
        var validation = new Validation();
        validation.Value(value, schema, path, old);
        return validation.errors;
    }

    public static bool IsDateTime(string text)
        => text.Length >= 20 && text[10] is 'T' or 't'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _)
            && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-');

    /// <summary>After these errors the CEL rules are not evaluated.</summary>
    public static bool IsBlocking(FieldError error) => error.Reason
        is FieldError.RequiredReason or "FieldValueTypeInvalid" or "FieldValueNotSupported" or "FieldValueTooLong" or "FieldValueTooMany";

    private void Value(JsonNode? value, TypeSchema schema, string path, JsonNode? old)
    {
        if (value is null && schema.Nullable || old is not null && JsonAccess.Same(value, old))
            return;
        var actual = TypeOf(value);
        if (schema.IntOrString ? actual is not ("integer" or "string")
            : schema.Type is not null && schema.Type != actual && !(schema.Type == "number" && actual == "integer"))
        {
            errors.Add(FieldError.TypeInvalid(path, actual,
                $"{path} in body must be of type {(schema.IntOrString ? "integer,string" : schema.Type)}: \"{actual}\""));
            return;
        }

        switch (value)
        {
            case JsonObject o:
                Object(o, schema, path, old as JsonObject);
                break;
            case JsonArray a:
                Array(a, schema, path, old as JsonArray);
                break;
            case JsonValue v when actual == "string":
                String(v.GetValue<string>(), schema, path);
                break;
            case JsonValue v when actual is "integer" or "number":
                Number(v, schema, path);
                break;
        }

        if (schema.Source.ArrayAt("enum") is { } allowed && !allowed.Any(a => JsonAccess.Same(a, value)))
            errors.Add(FieldError.NotSupported(path, value.Text() ?? value.ToText(), allowed.Select(a => a.Text() ?? a.ToText())));
    }

    private void Object(JsonObject o, TypeSchema schema, string path, JsonObject? old)
    {
        if (schema.Source.Number("maxProperties") is { } max && o.Count > max)
            errors.Add(FieldError.TooMany(path, o.Count, max));
        if (schema.Source.Number("minProperties") is { } min && o.Count < min)
            errors.Add(FieldError.Invalid(path, o.Count, $"{path} in body should have at least {min} properties"));
        foreach (var (key, child) in o)
        {
            // ObjectMeta has checks of its own.
            if (schema.Member(key) is { Name: null } member)
                Value(child, member, Join(path, key), old?[key]);
        }

        foreach (var name in schema.Source.Strings("required").Where(name => !o.ContainsKey(name)))
            errors.Add(FieldError.Required(Join(path, name)));
    }

    private void Array(JsonArray a, TypeSchema schema, string path, JsonArray? old)
    {
        if (schema.Source.Number("minItems") is { } min && a.Count < min)
            errors.Add(FieldError.Invalid(path, a.Count, $"{path} in body should have at least {min} items"));
        if (schema.Source.Number("maxItems") is { } max && a.Count > max)
            errors.Add(FieldError.TooMany(path, a.Count, max));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < a.Count; i++)
        {
            if (schema.Items is { } items)
                Value(a[i], items, $"{path}[{i}]", schema.ItemBefore(a[i], old));
            // Sets and maps: no two items that are the same.
            var identity = schema.ListType switch
            {
                "set" => a[i]?.DeepClone(),
                "map" => new JsonObject(schema.ListMapKeys.Select(k => KeyValuePair.Create(k, a[i].At(k)?.DeepClone()))),
                _ => null,
            };
            if (identity is not null && !seen.Add(identity.ToText()))
                errors.Add(FieldError.Duplicate($"{path}[{i}]", identity));
        }
    }

    private void String(string text, TypeSchema schema, string path)
    {
        var length = text.EnumerateRunes().Count();
        if (schema.Source.Number("maxLength") is { } max && length > max)
            errors.Add(FieldError.TooLong(path, max));
        if (schema.Source.Number("minLength") is { } min && length < min)
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should be at least {min} chars long"));
        if (schema.Source.Text("pattern") is { } pattern
            && !Regex.IsMatch(text, pattern.Replace("$", "\\z"), RegexOptions.CultureInvariant))
            errors.Add(FieldError.Invalid(path, text, $"{path} in body should match '{pattern}'"));
        if (schema.Format == "date-time" && !IsDateTime(text))
            errors.Add(FieldError.TypeInvalid(path, text, $"{path} in body must be of type {schema.Format}: {FieldError.Quote(text)}"));
    }

    private void Number(JsonValue v, TypeSchema schema, string path)
    {
        var d = v.AsDouble();
        if (schema is { Type: "integer", Format: "int32" } && d is < int.MinValue or > int.MaxValue)
            errors.Add(FieldError.Invalid("<nil>", "", $"Checked value must be of type integer with format int32 in {path}"));
        Bound("maximum", "exclusiveMaximum", "less", (bound, strict) => strict ? d >= bound : d > bound);
        Bound("minimum", "exclusiveMinimum", "greater", (bound, strict) => strict ? d <= bound : d < bound);

        void Bound(string key, string exclusive, string word, Func<double, bool, bool> isBeyond)
        {
            var strict = schema.Source.BoolAt(exclusive);
            if (schema.Source[key] is JsonValue bound && isBeyond(bound.AsDouble(), strict))
                errors.Add(FieldError.Invalid(path, v,
                    $"{path} in body should be {word} than {(strict ? "" : "or equal to ")}{Plain(bound)}"));
        }
    }

    public static string TypeOf(JsonNode? value) => value switch
    {
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

    private static string Plain(JsonValue v) => v.AsDouble().ToString("R", CultureInfo.InvariantCulture);
}
