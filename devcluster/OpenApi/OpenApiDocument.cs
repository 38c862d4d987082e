namespace LightReasoner.DevCluster.OpenApi;

/// <summary>
/// The OpenAPI v3 document of one group version, as far as kubectl looks into it: schemas for <c>explain</c> and strategic merge patches,
/// and of the operations the kind they are about and that they know <c>dryRun</c> and <c>fieldValidation</c>.
/// </summary>
internal sealed class OpenApiDocument(IReadOnlyList<ResourceType> types)
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    private readonly JsonObject schemas = [];
    private readonly JsonObject paths = [];

    public JsonObject ToJson()
    {
        foreach (var type in types)
            Add(type);
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.36.2" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private void Add(ResourceType type)
    {
        var name = type.Schema.Name ?? $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{type.Kind}";
        var schema = type.Custom ? Custom(type) : Class(type.Schema);
        if (!type.Custom)
            AddTypeMeta(schema.Ensure("properties"));
        schemas[name] = schema;
        schema["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(type));
        var collection = type.Namespaced ? $"/{type.GroupPath}/namespaces/{{namespace}}/{type.Plural}" : $"/{type.GroupPath}/{type.Plural}";
        paths[collection] = new JsonObject { ["get"] = Operation(type, "list", name), ["post"] = Operation(type, "post", name) };
        if (!type.Verbs.Contains("get"))
            return;
        foreach (var path in type.HasStatus ? new[] { "/{name}", "/{name}/status" } : ["/{name}"])
        {
            paths[collection + path] = new JsonObject
            {
                ["get"] = Operation(type, "get", name),
                ["put"] = Operation(type, "put", name),
                ["patch"] = Operation(type, "patch", name),
                ["delete"] = Operation(type, "delete", name),
            };
        }
    }

    private static JsonObject Operation(ResourceType type, string action, string result) => new()
    {
        ["parameters"] = new JsonArray([.. (action is "get" or "list" ? [] : WriteParameters)
            .Select(p => (JsonNode)new JsonObject { ["name"] = p, ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = "string" } })]),
        ["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "OK", ["content"] = Json(result) },
        },
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = GroupVersionKind(type),
    };

    private static JsonObject GroupVersionKind(ResourceType type) =>
        new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    private static JsonObject Json(string type) => new() { ["application/json"] = new JsonObject { ["schema"] = Ref(type) } };

    private static JsonObject Of(string type) => new() { ["type"] = type };

    private static JsonObject Ref(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private static JsonObject Text(string description) => new() { ["description"] = description, ["type"] = "string" };

    private static void AddTypeMeta(JsonObject properties)
    {
        properties["apiVersion"] =
            Text("APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas "
            + "to the latest internal value, and may reject unrecognized values. More info: "
            + "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources");
        properties["kind"] =
            Text("Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint "
            + "the client submits requests to. Cannot be updated. In CamelCase. More info: "
            + "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds");
    }

    private JsonObject Custom(ResourceType type)
    {
        var schema = type.OpenApiSchema!.Copy();
        var properties = schema.Ensure("properties");
        AddTypeMeta(properties);
        var metadata = Member(BuiltInTypes.Get("ObjectMeta"));
        properties["metadata"] = new JsonObject
        {
            ["description"] =
                "Standard object's metadata. More info: "
                + "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
            ["allOf"] = new JsonArray(metadata),
        };
        return schema;
    }

    private JsonObject Class(TypeSchema type)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
        foreach (var (name, member) in type.Properties)
            schema["properties"]![name] = Member(member);
        if (type.AtomicMap)
            schema["x-kubernetes-map-type"] = "atomic";
        return schema;
    }

    private JsonObject Member(TypeSchema member)
    {
        if (member.Name is { } name)
        {
            if (!schemas.ContainsKey(name))
            {
                // Known before its fields are: a type may have fields of its own type.
                schemas[name] = new JsonObject();
                schemas[name] = Class(member);
            }

            return Ref(name);
        }

        if (member.IntOrString)
            return new JsonObject { ["oneOf"] = new JsonArray(Of("string"), Of(member.Format == "quantity" ? "number" : "integer")) };
        var property = new JsonObject { ["type"] = member.Type ?? "object" };
        if (member.Format is { } format)
            property["format"] = format == "micro-time" ? "date-time" : format;
        if (member.Items is { } items)
            property["items"] = Member(items);
        if (member.Values is { } values)
            property["additionalProperties"] = Member(values);
        if (member.Type == "array")
            property["x-kubernetes-list-type"] = member.ListType ?? "atomic";
        if (member.ListMapKeys.Length > 0)
            property["x-kubernetes-list-map-keys"] = JsonAccess.Strings(member.ListMapKeys);
        if (member.MergeKey is not null)
            property["x-kubernetes-patch-strategy"] = "merge";
        if (member.MergeKey is { Length: > 0 } key)
            property["x-kubernetes-patch-merge-key"] = key;
        return property;
    }
}
