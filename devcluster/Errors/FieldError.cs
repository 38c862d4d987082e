namespace LightReasoner.DevCluster.Errors;

/// <summary>One thing that is wrong with one field; several of them make an Invalid answer.</summary>
internal sealed record FieldError(string Reason, string Field, string Detail)
{
    public const string RequiredReason = "FieldValueRequired";

    public static FieldError Required(string field, string detail = "")
        => new(RequiredReason, field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <param name="field">Path of the field.</param>
    /// <param name="value">The value as it is shown: strings are quoted, objects are JSON.</param>
    /// <param name="detail">What is wrong with it.</param>
    public static FieldError Invalid(string field, JsonNode? value, string detail)
        => new("FieldValueInvalid", field, $"Invalid value: {value.ToText()}: {detail}");

    public static FieldError TypeInvalid(string field, JsonNode? value, string detail)
        => new("FieldValueTypeInvalid", field, $"Invalid value: {value.ToText()}: {detail}");

    public static FieldError NotSupported(string field, string value, params IEnumerable<string> supported)
        => new("FieldValueNotSupported", field,
            $"Unsupported value: {Quote(value)}: supported values: {string.Join(", ", supported.Select(Quote))}");

    public static FieldError Duplicate(string field, JsonNode? value)
        => new("FieldValueDuplicate", field, $"Duplicate value: {value.ToText()}");

    public static FieldError Forbidden(string field, string detail)
        => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldError NotFound(string field, string value)
        => new("FieldValueNotFound", field, $"Not found: {Quote(value)}");

    public static FieldError TooLong(string field, long max)
        => new("FieldValueTooLong", field, $"Too long: may not be more than {max} bytes");

    public static FieldError TooMany(string field, long actual, long max)
        => new("FieldValueTooMany", field, $"Too many: {actual}: must have at most {max} items");

    public override string ToString() => $"{Field}: {Detail}";

    public JsonObject ToCause() => new() { ["reason"] = Reason, ["message"] = Detail, ["field"] = Field };

    public static string Quote(string text) => JsonValue.Create(text).ToText();
}
