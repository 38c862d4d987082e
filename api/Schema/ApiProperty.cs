using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LightReasoner.Api.Schema;

/// <summary>The shapes that a field's value can have.</summary>
internal enum Shape { Text, Integer, Number, Boolean, Time, Choice, IntegerOrText, Object, Fragment, List, Map }

/// <summary>A field of a record, as the schema generator and the validator both see it.</summary>
internal sealed record ApiProperty(PropertyInfo Property, string Name, Type Type, Shape Shape)
{
    /// <summary>Value type of a list's items or a map's values.</summary>
    public Type? ItemType { get; init; }

    public Shape ItemShape { get; init; }

    public bool Required => Property.IsDefined(typeof(RequiredAttribute));

    /// <summary>Bounds of the number, or of each number of a list.</summary>
    public RangeAttribute? Range => Property.GetCustomAttribute<RangeAttribute>();

    public int? MinLength => Property.GetCustomAttribute<MinLengthAttribute>()?.Length;

    public int? MaxLength => Property.GetCustomAttribute<MaxLengthAttribute>()?.Length;

    public string? Pattern => Property.GetCustomAttribute<RegularExpressionAttribute>()?.Pattern;

    /// <summary>The texts that are allowed: of an enum, or as the attribute lists them (for each item of a list).</summary>
    public IReadOnlyList<string>? Choices =>
        Property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed ? [.. allowed.Values.Select(v => (string)v!)]
        : Type.IsEnum ? EnumNames(Type)
        : null;

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, IReadOnlyList<ApiProperty>> Cache = new();

    /// <summary>The JSON fields of a record type: base class first, then by declared order.</summary>
    public static IReadOnlyList<ApiProperty> Of(Type type) => Cache.GetOrAdd(type, static t =>
    [
        .. t.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.Name != "EqualityContract" && p.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .Select(Describe)
            .OrderBy(p => p.Property.GetCustomAttribute<JsonPropertyOrderAttribute>()?.Order ?? 0),
    ]);

    public static IReadOnlyList<string> EnumNames(Type type) =>
    [
        .. type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? f.Name),
    ];

    private static ApiProperty Describe(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
            ?? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(property.Name);
        var shape = ShapeOf(type);
        Type? item = shape switch
        {
            Shape.List => type.GetGenericArguments()[0],
            Shape.Map => type.GetGenericArguments()[1],
            _ => null,
        };
        return new ApiProperty(property, name, type, shape) { ItemType = item, ItemShape = item is null ? default : ShapeOf(item) };
    }

    private static Shape ShapeOf(Type type) => type switch
    {
        _ when type == typeof(string) => Shape.Text,
        _ when type == typeof(int) || type == typeof(long) => Shape.Integer,
        _ when type == typeof(double) => Shape.Number,
        _ when type == typeof(bool) => Shape.Boolean,
        _ when type == typeof(DateTimeOffset) => Shape.Time,
        _ when type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(INumberOrWord<>)) =>
            Shape.IntegerOrText,
        _ when type == typeof(JsonObject) => Shape.Fragment,
        { IsEnum: true } => Shape.Choice,
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => Shape.List,
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) => Shape.Map,
        _ when type.Assembly == typeof(ApiProperty).Assembly => Shape.Object,
        _ => throw new NotSupportedException($"{type} has no place in the API's schema."),
    };
}
