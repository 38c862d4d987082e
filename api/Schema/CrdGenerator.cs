using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Api.Schema;

/// <summary>
/// Writes the CustomResourceDefinitions from the records: one source for types, defaults, ranges, rules and descriptions.
/// </summary>
public static class CrdGenerator
{
    /// <summary>The three definitions by file name (<c>lightreasoner.io_samplingruns.yaml</c>), as YAML.</summary>
    public static IReadOnlyDictionary<string, string> Files() =>
        Enum.GetValues<RunKind>().ToDictionary(
            kind => $"{ApiGroup.Name}_{Resource(kind).Plural}.yaml",
            kind => "# Generated from api/ by `make generate`. Do not edit.\n" + YamlJson.Write(Definition(kind)));

    /// <summary>The definition of one kind.</summary>
    public static JsonObject Definition(RunKind kind)
    {
        var type = Manifest.TypeOf(kind);
        var resource = Resource(kind);
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{resource.Plural}.{ApiGroup.Name}" },
            ["spec"] = new JsonObject
            {
                ["group"] = ApiGroup.Name,
                ["names"] = new JsonObject
                {
                    ["kind"] = kind.ToString(),
                    ["listKind"] = kind + "List",
                    ["plural"] = resource.Plural,
                    ["singular"] = kind.ToString().ToLowerInvariant(),
                    ["shortNames"] = new JsonArray(resource.ShortName),
                    ["categories"] = new JsonArray(ApiGroup.Category),
                },
                ["scope"] = "Namespaced",
                ["versions"] = new JsonArray(new JsonObject
                {
                    ["name"] = ApiGroup.Version,
                    ["served"] = true,
                    ["storage"] = true,
                    ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                    ["additionalPrinterColumns"] = new JsonArray([.. type.GetCustomAttributes<PrinterColumnAttribute>().Select(Column)]),
                    ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root(type) },
                }),
            },
        };
    }

    private static ResourceAttribute Resource(RunKind kind) => Manifest.TypeOf(kind).GetCustomAttribute<ResourceAttribute>()!;

    private static JsonNode Column(PrinterColumnAttribute column)
    {
        var node = new JsonObject { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
        if (column.Priority != 0) node["priority"] = column.Priority;
        return node;
    }

    private static JsonObject Root(Type type)
    {
        ApiProperty spec = ApiProperty.Of(type).Single(p => p.Name == "spec"),
            status = ApiProperty.Of(type).Single(p => p.Name == "status");
        return new JsonObject
        {
            ["description"] = Documentation.Of(type),
            ["type"] = "object",
            ["required"] = new JsonArray("spec"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["type"] = "string" },
                ["kind"] = new JsonObject { ["type"] = "string" },
                ["metadata"] = new JsonObject { ["type"] = "object" },
                ["spec"] = Object(spec.Type, null),
                ["status"] = Status(status.Type),
            },
            ["x-kubernetes-validations"] = new JsonArray(new JsonObject
            {
                ["rule"] = FrozenOnceStarted(spec.Type),
                ["message"] = "fields that affect results cannot be changed once the run has started: create a new run. These may change: "
                    + string.Join(", ", ApiProperty.Of(spec.Type).Where(IsMutable).Select(p => p.Name))
                    + $"; these may grow: {string.Join(", ", Extendable(spec.Type, ""))}",
                ["fieldPath"] = ".spec",
            }),
        };
    }

    /// <summary>With a default, so that a run is InProgress for kstatus from the first moment on.</summary>
    private static JsonObject Status(Type type)
    {
        var node = Object(type, null);
        node.Insert(1, "default", new JsonObject { ["observedGeneration"] = -1 });
        return node;
    }

    private static bool IsMutable(ApiProperty property) => property.Property.IsDefined(typeof(MutableAttribute));

    /// <summary>Paths of the numbers that may grow.</summary>
    private static IEnumerable<string> Extendable(Type type, string path) => ApiProperty.Of(type).Where(p => !IsMutable(p)).SelectMany(p =>
        p.Property.IsDefined(typeof(ExtendableAttribute)) ? [path + p.Name] : p.Shape == Shape.Object
            ? Extendable(p.Type, $"{path}{p.Name}.") : []);

    /// <summary>A transition rule over every spec field but the mutable ones.</summary>
    private static string FrozenOnceStarted(Type spec) =>
        $"!has(oldSelf.status) || !has(oldSelf.status.startTime) || ({string.Join(" && ", Frozen(spec, "spec"))})";

    /// <summary>One condition a field: unchanged, or not lowered where it may grow.</summary>
    private static IEnumerable<string> Frozen(Type type, string path) => ApiProperty.Of(type).Where(p => !IsMutable(p)).SelectMany(p =>
    {
        string now = $"self.{path}.{p.Name}", before = $"oldSelf.{path}.{p.Name}";
        var present = p.Required || Default(p) is not null;
        if (p.Property.GetCustomAttribute<ExtendableAttribute>() is { } extendable)
            return [present ? $"{now} >= {before}"
                : extendable.NullIsAll ? $"(!has({now}) || has({before}) && {now} >= {before})"
                : $"(!has({now}) || !has({before}) || {now} >= {before})"];
        if (present && p.Shape == Shape.Object && Extendable(p.Type, "").Any()) return Frozen(p.Type, $"{path}.{p.Name}");
        // A number and a word do not compare.
        if (present && p.Shape == Shape.IntegerOrText) return [$"type({now}) == type({before}) && {now} == {before}"];
        return [present ? $"{now} == {before}" : $"has({now}) == has({before}) && (!has({now}) || {now} == {before})"];
    });

    private static JsonObject Object(Type type, string? description)
    {
        var properties = ApiProperty.Of(type);
        var node = new JsonObject { ["description"] = description ?? Documentation.Of(type), ["type"] = "object" };
        if (properties.Where(p => p.Required).Select(p => (JsonNode)p.Name).ToArray() is { Length: > 0 } required)
            node["required"] = new JsonArray(required);
        node["properties"] = new JsonObject(properties.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)Property(p))));
        AddRules(type, node);
        return node;
    }

    private static void AddRules(Type type, JsonObject node)
    {
        JsonNode[] rules = [.. type.GetCustomAttributes<CelRuleAttribute>().Select(rule =>
        {
            var entry = new JsonObject { ["rule"] = rule.Rule, ["message"] = rule.Message };
            if (rule.Field.Length > 0) entry["fieldPath"] = "." + rule.Field;
            return entry;
        })];
        if (rules.Length > 0) node["x-kubernetes-validations"] = new JsonArray(rules);
    }

    private static JsonObject Property(ApiProperty property)
    {
        var description = Documentation.Of(property.Property) + Bounds(property);
        var node = property.Shape switch
        {
            Shape.Object => Object(property.Type, description),
            Shape.List => List(property),
            Shape.Map => Map(property),
            _ => Leaf(property, property.Type, property.Shape, isItem: false),
        };
        node.Remove("description");
        node.Insert(0, "description", description);
        if (Default(property) is { } value) node.Insert(1, "default", value);
        return node;
    }

    /// <summary>What `kubectl explain` does not show by itself: the default and the range.</summary>
    private static string Bounds(ApiProperty property)
    {
        string[] parts =
        [
            .. Default(property) is { } value and not JsonObject ? [$"default {value.ToJsonString(ApiJson.Options)}"]
                : Array.Empty<string>(),
            .. property.Range is { } range && !IsStatusPart(property.Property.ReflectedType!)
                ? [$"{(range.MinimumIsExclusive ? "above " : "")}{Bound(range.Minimum)} to "
                    + $"{(range.MaximumIsExclusive ? "below " : "")}{Bound(range.Maximum)}"] : Array.Empty<string>(),
        ];
        return parts.Length == 0 ? "" : $" ({string.Join("; ", parts)})";
    }

    /// <summary>The value that a freshly made record has; null for none.</summary>
    private static JsonNode? Default(ApiProperty property)
    {
        var owner = property.Property.ReflectedType!;
        if (property.Required || owner.Namespace != typeof(ApiGroup).Namespace || owner.IsAssignableTo(typeof(RunStatus))
            || !owner.IsAssignableTo(typeof(object))) return null;
        if (IsStatusPart(owner)) return null;
        var value = property.Property.GetValue(Activator.CreateInstance(owner));
        return value is null || property.Shape == Shape.Fragment ? null
            : JsonSerializer.SerializeToNode(value, property.Property.PropertyType, ApiJson.Options);
    }

    private static bool IsStatusPart(Type type) =>
        type == typeof(RunCondition) || type == typeof(RunProgress) || type == typeof(ShardCounts)
            || type.Name.EndsWith("Metrics", StringComparison.Ordinal);

    private static JsonObject List(ApiProperty property)
    {
        var isObject = property.ItemShape is Shape.Object;
        var items = isObject ? Object(property.ItemType!, null)
            : Leaf(property, property.ItemType!, property.ItemShape, isItem: true);
        var node = new JsonObject { ["type"] = "array", ["items"] = items };
        if (property.MinLength is { } min) node["minItems"] = min;
        if (property.MaxLength is { } max) node["maxItems"] = max;
        if (property.Property.GetCustomAttribute<MapKeyAttribute>() is { } key)
        {
            node["x-kubernetes-list-type"] = "map";
            node["x-kubernetes-list-map-keys"] = new JsonArray(key.Key);
        }
        else
        {
            node["x-kubernetes-list-type"] = property.Property.IsDefined(typeof(SetAttribute)) ? "set" : "atomic";
        }
        return node;
    }

    private static JsonObject Map(ApiProperty property)
    {
        var node = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = Leaf(property, property.ItemType!,
            property.ItemShape, isItem: true)
        };
        if (property.MaxLength is { } max) node["maxProperties"] = max;
        return node;
    }

    private static JsonObject Leaf(ApiProperty property, Type type, Shape shape, bool isItem)
    {
        var node = new JsonObject();
        switch (shape)
        {
            case Shape.Text or Shape.Choice:
                node["type"] = "string";
                if (property.Choices is { } choices) node["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]);
                if (isItem || shape == Shape.Choice) break;
                if (property.MinLength is { } min) node["minLength"] = min;
                if (property.MaxLength is { } max) node["maxLength"] = max;
                if (property.Pattern is { } pattern) node["pattern"] = pattern;
                break;
            case Shape.Integer:
                node["type"] = "integer";
                node["format"] = type == typeof(long) ? "int64" : "int32";
                Bounds(property, node);
                break;
            case Shape.Number:
                node["type"] = "number";
                Bounds(property, node);
                break;
            case Shape.Boolean:
                node["type"] = "boolean";
                break;
            case Shape.Time:
                node["type"] = "string";
                node["format"] = "date-time";
                break;
            case Shape.IntegerOrText:
                node["x-kubernetes-int-or-string"] = true;
                node["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
                AddRules(type, node);
                break;
            case Shape.Fragment:
                node["type"] = "object";
                node["x-kubernetes-preserve-unknown-fields"] = true;
                break;
        }
        return node;
    }

    private static void Bounds(ApiProperty property, JsonObject node)
    {
        if (property.Range is not { } range) return;
        node["minimum"] = Bound(range.Minimum);
        if (range.MinimumIsExclusive) node["exclusiveMinimum"] = true;
        node["maximum"] = Bound(range.Maximum);
        if (range.MaximumIsExclusive) node["exclusiveMaximum"] = true;
    }

    private static JsonNode Bound(object bound) =>
        Convert.ToDouble(bound, null) is var value && value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value)
            : JsonValue.Create(value);
}
