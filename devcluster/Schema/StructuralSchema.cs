using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Schema;

/// <summary>Reads the openAPIV3Schema of a CustomResourceDefinition.</summary>
internal static class StructuralSchema
{
    /// <summary>The schema of whole objects: kind, apiVersion and metadata are those of every object.</summary>
    public static TypeSchema ForResource(JsonObject? openApi)
    {
        var schema = openApi is null ? new TypeSchema { Type = "object", PreserveUnknown = true } : Read(openApi);
        schema.Properties["apiVersion"] = new TypeSchema { Type = "string" };
        schema.Properties["kind"] = new TypeSchema { Type = "string" };
        schema.Properties["metadata"] = BuiltInTypes.Get("ObjectMeta");
        return schema;
    }

    public static TypeSchema Read(JsonObject s)
    {
        var schema = new TypeSchema
        {
            Type = s.StringAt("type"),
            Format = s.StringAt("format"),
            Description = s.StringAt("description"),
            IntOrString = s.BoolAt("x-kubernetes-int-or-string"),
            PreserveUnknown = s.BoolAt("x-kubernetes-preserve-unknown-fields"),
            EmbeddedResource = s.BoolAt("x-kubernetes-embedded-resource"),
            Nullable = s.BoolAt("nullable"),
            Default = s["default"]?.DeepClone(),
            Enum = s["enum"]?.DeepClone() as JsonArray,
            Minimum = Number(s, "minimum"),
            Maximum = Number(s, "maximum"),
            ExclusiveMinimum = s.BoolAt("exclusiveMinimum"),
            ExclusiveMaximum = s.BoolAt("exclusiveMaximum"),
            MultipleOf = Number(s, "multipleOf"),
            MinLength = s.LongAt("minLength"),
            MaxLength = s.LongAt("maxLength"),
            MinItems = s.LongAt("minItems"),
            MaxItems = s.LongAt("maxItems"),
            MinProperties = s.LongAt("minProperties"),
            MaxProperties = s.LongAt("maxProperties"),
            Pattern = s.StringAt("pattern"),
            ListType = s.StringAt("x-kubernetes-list-type"),
            ListMapKeys = [.. s["x-kubernetes-list-map-keys"].StringItems()],
            AtomicMap = s.StringAt("x-kubernetes-map-type") == "atomic",
        };
        foreach (var (name, child) in s.ObjectAt("properties") ?? [])
        {
            if (child is JsonObject o)
                schema.Properties[name] = Read(o);
        }

        schema.Required.AddRange(s["required"].StringItems());
        if (s["items"] is JsonObject items)
            schema.Items = Read(items);
        if (s["additionalProperties"] is JsonObject values)
            schema.Values = Read(values);
        else if (s.BoolAt("additionalProperties"))
            schema.PreserveUnknown = true;
        schema.AllOf.AddRange(Many(s["allOf"]));
        schema.AnyOf.AddRange(Many(s["anyOf"]));
        schema.OneOf.AddRange(Many(s["oneOf"]));
        if (s["not"] is JsonObject not)
            schema.Not = Read(not);
        foreach (var rule in s.ArrayAt("x-kubernetes-validations") ?? [])
        {
            if (rule is JsonObject r)
                schema.Rules.Add(CelRule.From(r));
        }

        return schema;
    }

    private static IEnumerable<TypeSchema> Many(JsonNode? list)
        => list is JsonArray a ? a.OfType<JsonObject>().Select(Read) : [];

    private static double? Number(JsonObject s, string key)
        => s[key] is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.Number ? v.AsDouble() : null;
}
