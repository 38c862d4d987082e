using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Validation;

/// <summary>
/// Holds a document against the annotations on the records: the same types, ranges, patterns, choices and cross-field rules that the
/// generated CRD states, so that a worker run alone refuses what a cluster would refuse.
/// </summary>
public static class DocumentValidator
{
    /// <summary>What is wrong with a document; empty for nothing. Cross-field rules are looked at once every field is right.</summary>
    public static IReadOnlyList<FieldError> Validate(Manifest manifest) =>
        Validate(manifest.GetType(), JsonSerializer.SerializeToNode(manifest, manifest.GetType(), ApiJson.Options)!.AsObject());

    internal static List<FieldError> Validate(Type type, JsonObject document)
    {
        var errors = new List<FieldError>();
        // What a cluster wrote into the status is not the author's to get wrong.
        foreach (var property in ApiProperty.Of(type).Where(p => p.Name != "status"))
            Field(property, document, "", errors);
        Unknown(type, document, "", errors);
        if (errors.Count == 0) Rules(document.Deserialize(type, ApiJson.Options)!, "", errors);
        return errors;
    }

    private static void Unknown(Type type, JsonObject node, string path, List<FieldError> errors)
    {
        if (type == typeof(ManifestMetadata)) return;
        string[] names = [.. ApiProperty.Of(type).Select(p => p.Name)];
        foreach ((string key, _) in node)
            if (!names.Contains(key))
                errors.Add(new FieldError(Join(path, key),
                    $"is not a known field{(Spelling.Nearest(key, names) is { } near ? $"; did you mean '{near}'?" : "")} (fields: "
                    + $"{string.Join(", ", names)})"));
    }

    private static void Field(ApiProperty property, JsonObject parent, string parentPath, List<FieldError> errors)
    {
        var path = Join(parentPath, property.Name);
        if (parent[property.Name] is not { } value)
        {
            parent.Remove(property.Name); // as in a cluster: null is pruned before defaults are applied
            if (property.Required) errors.Add(new FieldError(path, "is required"));
            return;
        }
        switch (property.Shape)
        {
            case Shape.List when value is JsonArray list:
                Count(property, list.Count, "entries", path, errors);
                for (int i = 0; i < list.Count; i++)
                    Value(property, property.ItemType!, property.ItemShape, list[i], $"{path}[{i}]", errors);
                if (property.Property.IsDefined(typeof(SetAttribute))) Duplicates([.. list], path, errors);
                if (property.Property.GetCustomAttribute<MapKeyAttribute>() is { } mapKey)
                    Duplicates([.. list.Select(item => (item as JsonObject)?[mapKey.Key])], path, errors);
                break;
            case Shape.Map when value is JsonObject map:
                Count(property, map.Count, "entries", path, errors);
                foreach (var (key, entry) in map)
                    Value(property, property.ItemType!, property.ItemShape, entry, $"{path}.{key}", errors);
                break;
            case Shape.List or Shape.Map:
                errors.Add(new FieldError(path, $"must be a {(property.Shape == Shape.List ? "list" : "mapping")}, was {Describe(value)}"));
                break;
            default:
                Value(property, property.Type, property.Shape, value, path, errors);
                break;
        }
    }

    private static void Value(ApiProperty property, Type type, Shape shape, JsonNode? value, string path, List<FieldError> errors)
    {
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        switch (shape)
        {
            case Shape.Object when value is JsonObject node:
                foreach (var field in ApiProperty.Of(type)) Field(field, node, path, errors);
                Unknown(type, node, path, errors);
                break;
            case Shape.Fragment when value is JsonObject:
            case Shape.Boolean when kind is JsonValueKind.True or JsonValueKind.False:
            case Shape.Time when kind == JsonValueKind.String && DateTimeOffset.TryParse(value!.GetValue<string>(), out _):
            case Shape.IntegerOrText when kind is JsonValueKind.Number or JsonValueKind.String:
                if (shape == Shape.IntegerOrText) IntegerOrText(value!, type, path, errors);
                break;
            case Shape.Text or Shape.Choice when kind == JsonValueKind.String:
                Text(property, shape, value!.GetValue<string>(), path, errors, isItem: property.Shape is Shape.List or Shape.Map);
                break;
            case Shape.Integer when kind == JsonValueKind.Number && TryLong(value!, out var integer):
                if (type == typeof(int) && integer is > int.MaxValue or < int.MinValue)
                    errors.Add(new FieldError(path, $"must fit into 32 bits, was {integer}"));
                else
                    InRange(property, integer, path, errors);
                break;
            case Shape.Number when kind == JsonValueKind.Number:
                InRange(property, Number(value!), path, errors);
                break;
            default:
                errors.Add(new FieldError(path, $"must be {Expected(shape)}, was {Describe(value)}"));
                break;
        }
    }

    private static void IntegerOrText(JsonNode value, Type type, string path, List<FieldError> errors)
    {
        bool fits;
        try
        {
            fits = Broken(value.Deserialize(type, ApiJson.Options)!).FirstOrDefault() is null;
        }
        catch (JsonException)
        {
            fits = false;
        }
        if (!fits) errors.Add(new FieldError(path, $"{type.GetCustomAttribute<CelRuleAttribute>()!.Message}, was {value.ToJsonString()}"));
    }

    private static void Text(ApiProperty property, Shape shape, string text, string path, List<FieldError> errors, bool isItem)
    {
        if (property.Choices is { } choices && !choices.Contains(text))
            errors.Add(new FieldError(path, $"must be one of {string.Join(", ", choices)}, was '{text}'"));
        if (shape == Shape.Choice || isItem) return;
        Count(property, text.EnumerateRunes().Count(), "characters", path, errors);
        if (property.Pattern is { } pattern && text.Length <= (property.MaxLength ?? int.MaxValue)
            && !System.Text.RegularExpressions.Regex.IsMatch(text, pattern, System.Text.RegularExpressions.RegexOptions.CultureInvariant,
                TimeSpan.FromSeconds(1)))
            errors.Add(new FieldError(path, path == "metadata.name"
                // The API server's own words.
                ? "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
                    + $"with an alphanumeric character, was '{text}'"
                : $"must match {pattern}, was '{text}'"));
    }

    private static void Count(ApiProperty property, int count, string what, string path, List<FieldError> errors)
    {
        if (count < property.MinLength) errors.Add(new FieldError(path, $"must have at least {property.MinLength} {what}, has {count}"));
        if (count > property.MaxLength) errors.Add(new FieldError(path, $"must have at most {property.MaxLength} {what}, has {count}"));
    }

    private static void Duplicates(IReadOnlyList<JsonNode?> list, string path, List<FieldError> errors)
    {
        var seen = new HashSet<string?>();
        for (int i = 0; i < list.Count; i++)
            if (!seen.Add(list[i]?.ToJsonString())) errors.Add(new FieldError($"{path}[{i}]", "must not name an entry twice"));
    }

    private static void InRange(ApiProperty property, double value, string path, List<FieldError> errors)
    {
        if (property.Range is not { } range) return;
        double minimum = Convert.ToDouble(range.Minimum, null), maximum = Convert.ToDouble(range.Maximum, null);
        var shown = value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if (range.MinimumIsExclusive ? value <= minimum : value < minimum)
            errors.Add(new FieldError(path,
                FormattableString.Invariant($"must be {(range.MinimumIsExclusive ? '>' : '≥')} {minimum}, was {shown}")));
        if (range.MaximumIsExclusive ? value >= maximum : value > maximum)
            errors.Add(new FieldError(path,
                FormattableString.Invariant($"must be {(range.MaximumIsExclusive ? '<' : '≤')} {maximum}, was {shown}")));
    }

    /// <summary>Evaluates the cross-field rules of an object and of every object in it.</summary>
    private static void Rules(object node, string path, List<FieldError> errors)
    {
        foreach (var rule in Broken(node))
            errors.Add(new FieldError(rule.Field.Length == 0 ? path : Join(path, rule.Field), rule.Message));
        foreach (var property in ApiProperty.Of(node.GetType()).Where(p => p.Name != "status"))
        {
            var value = property.Property.GetValue(node);
            var valuePath = Join(path, property.Name);
            if (value is not null && property.Shape == Shape.Object) Rules(value, valuePath, errors);
            if (value is IEnumerable list && property.Shape == Shape.List && property.ItemShape == Shape.Object)
                foreach (var (i, item) in list.Cast<object>().Index()) Rules(item, $"{valuePath}[{i}]", errors);
        }
    }

    private static IEnumerable<CelRuleAttribute> Broken(object node) =>
        node.GetType().GetCustomAttributes<CelRuleAttribute>().Where(rule =>
            !(bool)node.GetType().GetMethod(rule.Check, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.Invoke(node,
                null)!);

    private static bool TryLong(JsonNode value, out long integer)
    {
        var number = Number(value);
        integer = Math.Abs(number) < 9.3e18 ? (long)number : 0;
        return number == Math.Floor(number) && Math.Abs(number) < 9.2e18;
    }

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static string Expected(Shape shape) => shape switch
    {
        Shape.Text or Shape.Choice => "text",
        Shape.Integer => "a whole number",
        Shape.Number => "a number",
        Shape.Boolean => "true or false",
        Shape.Time => "a time such as 2026-01-02T03:04:05Z",
        Shape.IntegerOrText => "a number or text",
        _ => "a mapping",
    };

    private static string Describe(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray => "a list",
        JsonObject => "a mapping",
        _ => value.ToJsonString() is { Length: <= 60 } text ? text : "a longer value",
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
