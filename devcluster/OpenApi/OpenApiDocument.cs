using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.OpenApi;

/// <summary>The OpenAPI v3 document of one group version.</summary>
internal sealed class OpenApiDocument(IReadOnlyList<ResourceType> types)
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
    private static readonly string[] ListParameters = ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"];
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];
    private static readonly string[] DeleteParameters = ["dryRun", "gracePeriodSeconds", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents", "propagationPolicy"];

    private readonly JsonObject schemas = [];
    private readonly JsonObject paths = [];

    public JsonObject ToJson()
    {
        foreach (var type in types)
            Add(type);
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = types[0].Custom ? "Kubernetes CRD Swagger" : "Kubernetes", ["version"] = types[0].Custom ? "v0.1.0" : "v1.36.2" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private void Add(ResourceType type)
    {
        var kind = SchemaName(type);
        AddSchema(type, kind);
        var root = type.Group.Length == 0 ? $"/api/{type.Version}" : $"/apis/{type.Group}/{type.Version}";
        var collection = type.Namespaced ? $"{root}/namespaces/{{namespace}}/{type.Plural}" : $"{root}/{type.Plural}";
        var items = new JsonObject();
        if (type.Verbs.Contains("list"))
            items["get"] = Operation(type, "list", kind + "List", ListParameters);
        if (type.Verbs.Contains("create"))
            items["post"] = Operation(type, "post", kind, WriteParameters, kind);
        if (type.Verbs.Contains("deletecollection"))
            items["delete"] = Operation(type, "deletecollection", $"{Meta}.Status", [.. ListParameters, .. DeleteParameters], $"{Meta}.DeleteOptions");
        items["parameters"] = PathParameters(type, name: false);
        paths[collection] = items;
        if (type.Namespaced && type.Verbs.Contains("list"))
            paths[$"{root}/{type.Plural}"] = new JsonObject { ["get"] = Operation(type, "list", kind + "List", []), ["parameters"] = Parameters(ListParameters, "list") };
        if (!type.Verbs.Contains("get"))
            return;
        var one = collection + "/{name}";
        paths[one] = One(type, kind, type.Verbs);
        foreach (var sub in type.Subresources.Where(s => s.Name == "status"))
            paths[$"{one}/status"] = One(type, kind, sub.Verbs, status: true);
    }

    private static string SchemaName(ResourceType type)
    {
        if (type.Schema.Name is { } name)
            return name;
        return string.Join('.', type.Group.Split('.').Reverse()) + $".{type.Version}.{type.Kind}";
    }

    private JsonObject One(ResourceType type, string kind, string[] verbs, bool status = false)
    {
        var item = new JsonObject();
        foreach (var verb in verbs)
        {
            switch (verb)
            {
                case "get":
                    item["get"] = Operation(type, "get", kind, type.Custom ? ["resourceVersion"] : [], status: status);
                    break;
                case "update":
                    item["put"] = Operation(type, "put", kind, WriteParameters, kind, status);
                    break;
                case "patch":
                    item["patch"] = Operation(type, "patch", kind, [.. WriteParameters, "force"], $"{Meta}.Patch", status);
                    break;
                case "delete":
                    item["delete"] = Operation(type, "delete", $"{Meta}.Status", DeleteParameters, $"{Meta}.DeleteOptions");
                    break;
            }
        }

        item["parameters"] = PathParameters(type, name: true);
        return item;
    }

    private JsonObject Operation(ResourceType type, string action, string result, string[] parameters, string? body = null, bool status = false)
    {
        if (result.EndsWith(".Status", StringComparison.Ordinal))
            Builtin(BuiltInTypes.Get("Status"));
        var (description, id) = Words(type, action, status);
        var operation = new JsonObject
        {
            ["tags"] = new JsonArray(Tag(type)),
            ["description"] = description,
            ["operationId"] = id,
            ["responses"] = Responses(type, result),
        };
        if (parameters.Length > 0)
            operation["parameters"] = Parameters(parameters, action);
        if (body is not null)
        {
            string[] content = action == "patch"
                ? type.Custom
                    ? ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
                    : ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"]
                : type.Custom ? ["application/json", "application/yaml"] : ["*/*"];
            if (body.EndsWith(".DeleteOptions", StringComparison.Ordinal))
                Builtin(BuiltInTypes.Get("DeleteOptions"));
            if (body.EndsWith(".Patch", StringComparison.Ordinal))
                schemas[body] = new JsonObject { ["type"] = "object", ["description"] = "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body." };
            operation["requestBody"] = new JsonObject { ["content"] = new JsonObject(content.Select(c => KeyValuePair.Create(c, (JsonNode?)new JsonObject { ["schema"] = Ref(body) }))), ["required"] = true };
        }

        operation["x-kubernetes-action"] = action;
        operation["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };
        return operation;
    }

    private static JsonObject Responses(ResourceType type, string result)
    {
        var content = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Ref(result) } };
        if (type.Custom)
            content["application/yaml"] = new JsonObject { ["schema"] = Ref(result) };
        return new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "OK", ["content"] = content },
            ["401"] = new JsonObject { ["description"] = "Unauthorized" },
        };
    }

    private static string Tag(ResourceType type)
        => type.Group.Length == 0 ? $"core_{type.Version}" : $"{char.ToLowerInvariant(Camel(type.Group)[0])}{Camel(type.Group)[1..]}_{type.Version}";

    private static string Camel(string text) => string.Concat(text.Split('.').Select(p => p.Length == 0 ? "" : char.ToUpperInvariant(p[0]) + p[1..]));

    private static (string Description, string Id) Words(ResourceType type, string action, bool status)
    {
        var of = status ? "status of " : "";
        var (verb, description) = action switch
        {
            "get" => ("read", $"read {of}the specified {type.Kind}"),
            "list" => ("list", $"list or watch objects of kind {type.Kind}"),
            "post" => ("create", $"create a {type.Kind}"),
            "put" => ("replace", $"replace {of}the specified {type.Kind}"),
            "patch" => ("patch", $"partially update {of}the specified {type.Kind}"),
            "delete" => ("delete", $"delete a {type.Kind}"),
            _ => ("deleteCollection", $"delete collection of {type.Kind}"),
        };
        var group = type.Group.Length == 0 ? "Core" : Camel(type.Group);
        return (description, $"{verb}{group}{Camel(type.Version)}{(type.Namespaced ? "Namespaced" : "")}{type.Kind}{(status ? "Status" : "")}");
    }

    private static JsonArray Parameters(IEnumerable<string> names, string action) => new([.. names.Select(n => (JsonNode)new JsonObject
    {
        ["name"] = n,
        ["in"] = "query",
        ["description"] = ParameterTexts.Of(n, action),
        ["schema"] = new JsonObject
        {
            ["type"] = n switch
            {
                "limit" or "timeoutSeconds" or "gracePeriodSeconds" => "integer",
                "allowWatchBookmarks" or "sendInitialEvents" or "watch" or "force" or "orphanDependents" or "ignoreStoreReadErrorWithClusterBreakingPotential" => "boolean",
                _ => "string",
            },
            ["uniqueItems"] = true,
        },
    })]);

    private static JsonArray PathParameters(ResourceType type, bool name)
    {
        var list = new JsonArray();
        foreach (var parameter in new[] { (name, "name"), (type.Namespaced, "namespace") })
        {
            if (parameter.Item1)
                list.Add(new JsonObject { ["name"] = parameter.Item2, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true } });
        }

        list.Add(new JsonObject { ["name"] = "pretty", ["in"] = "query", ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true } });
        return list;
    }

    private static JsonObject Ref(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private void AddSchema(ResourceType type, string kind)
    {
        if (type.Custom)
        {
            Builtin(BuiltInTypes.Get("ObjectMeta"));
            schemas[kind] = CustomSchema.Of(type);
        }
        else
        {
            Builtin(type.Schema);
            AddGroupVersionKind(kind, type, type.Kind);
        }

        if (!type.Verbs.Contains("list"))
            return;
        Builtin(BuiltInTypes.Get("ListMeta"));
        schemas[kind + "List"] = new JsonObject
        {
            ["description"] = $"{type.ListKind} is a list of {type.Kind}",
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = CustomSchema.ApiVersion(),
                ["items"] = new JsonObject { ["description"] = $"List of {type.Plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md", ["type"] = "array", ["items"] = Ref(kind) },
                ["kind"] = CustomSchema.Kind(),
                ["metadata"] = new JsonObject
                {
                    ["description"] = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
                    ["allOf"] = new JsonArray(Ref($"{Meta}.ListMeta")),
                },
            },
        };
        AddGroupVersionKind(kind + "List", type, type.ListKind);
    }

    private void AddGroupVersionKind(string schema, ResourceType type, string kind)
        => schemas[schema]!["x-kubernetes-group-version-kind"] = new JsonArray(new JsonObject { ["group"] = type.Group, ["kind"] = kind, ["version"] = type.Version });

    private void Builtin(TypeSchema type)
    {
        if (type.Name is null || schemas.ContainsKey(type.Name))
            return;
        var schema = new JsonObject { ["type"] = "object" };
        schemas[type.Name] = schema;
        if (type.Description is { } description)
            schema["description"] = description;
        if (type.Required.Count > 0)
            schema["required"] = JsonAccess.Strings(type.Required);
        var properties = new JsonObject();
        if (types.Any(t => t.Schema == type))
        {
            properties["apiVersion"] = CustomSchema.ApiVersion();
            properties["kind"] = CustomSchema.Kind();
        }

        foreach (var (name, member) in type.Properties)
            properties[name] = Property(member);
        schema["properties"] = properties;
        if (type.AtomicMap)
            schema["x-kubernetes-map-type"] = "atomic";
    }

    private JsonObject Property(TypeSchema member)
    {
        if (member.Name is { } name)
        {
            Builtin(member);
            return Ref(name);
        }

        var property = new JsonObject();
        if (member.Description is { } description)
            property["description"] = description;
        if (member.IntOrString)
        {
            property["oneOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["type"] = member.Format == "quantity" ? "number" : "integer" });
            if (member.Format != "quantity")
                property["format"] = "int-or-string";
            return property;
        }

        if (member.Format == "micro-time")
        {
            const string MicroTime = $"{Meta}.MicroTime";
            schemas[MicroTime] ??= new JsonObject { ["description"] = "MicroTime is version of Time with microsecond level precision.", ["type"] = "string", ["format"] = "date-time" };
            property["allOf"] = new JsonArray(Ref(MicroTime));
            return property;
        }

        property["type"] = member.Type ?? "object";
        if (member.Format is { } format)
            property["format"] = format;
        if (member.Items is { } items)
            property["items"] = Property(items);
        if (member.Values is { } values)
            property["additionalProperties"] = Property(values);
        if (member.Type == "array")
        {
            property["x-kubernetes-list-type"] = member.ListType ?? "atomic";
            if (member.ListMapKeys.Length > 0)
                property["x-kubernetes-list-map-keys"] = JsonAccess.Strings(member.ListMapKeys);
            if (member.MergeKey is { } key)
            {
                property["x-kubernetes-patch-strategy"] = member.MergeStrategy ?? "merge";
                if (key.Length > 0)
                    property["x-kubernetes-patch-merge-key"] = key;
            }
        }

        return property;
    }
}
