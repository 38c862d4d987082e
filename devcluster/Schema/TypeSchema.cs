namespace LightReasoner.DevCluster.Schema;

/// <summary>The shape of a value: of a built-in type, or from the structural schema of a CustomResourceDefinition.</summary>
internal sealed class TypeSchema
{
    /// <summary>Name of a built-in type; null for the schemas of custom resources and for lists, maps and scalars.</summary>
    public string? Name { get; init; }

    /// <summary>object, array, string, integer, number, boolean; null when the value is not looked into.</summary>
    public string? Type { get; init; }

    public string? Format { get; init; }

    public Dictionary<string, TypeSchema> Properties { get; } = new(StringComparer.Ordinal);

    public TypeSchema? Items { get; init; }

    /// <summary>Schema of the values of a map.</summary>
    public TypeSchema? Values { get; init; }

    public bool IntOrString { get; init; }

    public bool PreserveUnknown { get; init; }

    public bool Nullable { get; init; }

    public JsonNode? Default { get; set; }

    /// <summary>The schema as a CustomResourceDefinition has it: ranges, patterns, enums, alternatives.</summary>
    public JsonObject Source { get; init; } = [];

    /// <summary>The CEL rules of this schema.</summary>
    public IReadOnlyList<CelRule> Rules { get; init; } = [];

    /// <summary>set, map or atomic (also: absent).</summary>
    public string? ListType { get; set; }

    public string[] ListMapKeys { get; set; } = [];

    /// <summary>The whole object or map is one value to server-side apply.</summary>
    public bool AtomicMap { get; set; }

    /// <summary>Key by which strategic merge patches merge a list of objects; empty: a list of scalars merged as a set.</summary>
    public string? MergeKey { get; set; }

    /// <summary>There are rules here or somewhere below.</summary>
    public bool HasRules
        => Name is null && (Rules.Count > 0 || Properties.Values.Any(p => p.HasRules) || Items?.HasRules == true
            || Values?.HasRules == true);

    /// <summary>The schema of a member of an object or map, or null when there is none.</summary>
    public TypeSchema? Member(string key) => Properties.GetValueOrDefault(key) ?? Values;

    /// <summary>The item of an old list that a new item replaces: only those of lists by key can be told.</summary>
    public JsonNode? ItemBefore(JsonNode? item, JsonArray? old)
        => ListType == "map" ? old?.FirstOrDefault(o => ListMapKeys.All(k => JsonAccess.Same(o.At(k), item.At(k)))) : null;
}
