namespace LightReasoner.DevCluster.Schema;

/// <summary>Reads the openAPIV3Schema of a CustomResourceDefinition.</summary>
internal static class StructuralSchema
{
    /// <summary>The schema of whole objects: kind, apiVersion and metadata are those of every object.</summary>
    public static TypeSchema ForResource(JsonObject openApi)
    {
        var schema = Read(openApi);
        schema.Properties["apiVersion"] = new TypeSchema { Type = "string" };
        schema.Properties["kind"] = new TypeSchema { Type = "string" };
        schema.Properties["metadata"] = BuiltInTypes.Get("ObjectMeta");
        return schema;
    }

    public static TypeSchema Read(JsonObject s)
    {
        var schema = new TypeSchema
        {
            Type = s.Text("type"),
            Format = s.Text("format"),
            IntOrString = s.BoolAt("x-kubernetes-int-or-string"),
            PreserveUnknown = s.BoolAt("x-kubernetes-preserve-unknown-fields") || s.BoolAt("additionalProperties"),
            Nullable = s.BoolAt("nullable"),
            Default = s["default"],
            Items = s["items"] is JsonObject items ? Read(items) : null,
            Values = s["additionalProperties"] is JsonObject values ? Read(values) : null,
            ListType = s.Text("x-kubernetes-list-type"),
            ListMapKeys = [.. s.Strings("x-kubernetes-list-map-keys")],
            AtomicMap = s.Text("x-kubernetes-map-type") == "atomic",
            Rules = [.. s.Items("x-kubernetes-validations").Select(CelRule.From)],
            Source = s,
        };
        foreach (var (name, child) in s.Map("properties") ?? [])
            schema.Properties[name] = Read((JsonObject)child!);
        return schema;
    }
}
