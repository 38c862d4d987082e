using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Schema;

/// <summary>
/// What the server knows of the shape of a value: read from the table of built-in types, or from the structural
/// schema of a CustomResourceDefinition.
/// </summary>
internal sealed class TypeSchema
{
    /// <summary>Full name of a built-in type (<c>io.k8s.api.core.v1.Pod</c>); null for inline schemas.</summary>
    public string? Name { get; init; }

    /// <summary>object, array, string, integer, number, boolean; null when the value is not looked into.</summary>
    public string? Type { get; set; }

    public string? Format { get; set; }

    public string? Description { get; set; }

    public Dictionary<string, TypeSchema> Properties { get; } = new(StringComparer.Ordinal);

    public List<string> Required { get; } = [];

    public TypeSchema? Items { get; set; }

    /// <summary>Schema of the values of a map.</summary>
    public TypeSchema? Values { get; set; }

    public bool IntOrString { get; set; }

    public bool PreserveUnknown { get; set; }

    public bool EmbeddedResource { get; set; }

    public bool Nullable { get; set; }

    public JsonNode? Default { get; set; }

    public JsonArray? Enum { get; set; }

    public double? Minimum { get; set; }

    public double? Maximum { get; set; }

    public bool ExclusiveMinimum { get; set; }

    public bool ExclusiveMaximum { get; set; }

    public double? MultipleOf { get; set; }

    public long? MinLength { get; set; }

    public long? MaxLength { get; set; }

    public long? MinItems { get; set; }

    public long? MaxItems { get; set; }

    public long? MinProperties { get; set; }

    public long? MaxProperties { get; set; }

    public string? Pattern { get; set; }

    public List<TypeSchema> AllOf { get; } = [];

    public List<TypeSchema> AnyOf { get; } = [];

    public List<TypeSchema> OneOf { get; } = [];

    public TypeSchema? Not { get; set; }

    /// <summary>set, map or atomic (also: absent).</summary>
    public string? ListType { get; set; }

    public string[] ListMapKeys { get; set; } = [];

    /// <summary>The whole object or map is one value to server-side apply.</summary>
    public bool AtomicMap { get; set; }

    /// <summary>Key by which strategic merge patches merge a list of objects; empty: a list of scalars merged as a set.</summary>
    public string? MergeKey { get; set; }

    /// <summary>replace, merge, retainKeys (comma separated), as the built-in types say.</summary>
    public string? MergeStrategy { get; set; }

    /// <summary>The CEL rules of a structural schema.</summary>
    public List<CelRule> Rules { get; } = [];

    /// <summary>There are rules here or somewhere below.</summary>
    public bool HasRules => Name is null && (Rules.Count > 0 || Properties.Values.Any(p => p.HasRules) || Items?.HasRules == true || Values?.HasRules == true);

    /// <summary>The schema of a member of an object or map, or null when there is none.</summary>
    public TypeSchema? Member(string key) => Properties.GetValueOrDefault(key) ?? Values;

    public bool IsMap => Type == "object" && Properties.Count == 0 && Values is not null;
}

/// <summary>One entry of x-kubernetes-validations.</summary>
internal sealed record CelRule(string Rule, string? Message, string? MessageExpression, string? Reason, string? FieldPath, bool? OptionalOldSelf)
{
    public static CelRule From(JsonObject o) => new(
        o.StringAt("rule") ?? "", o.StringAt("message"), o.StringAt("messageExpression"), o.StringAt("reason"), o.StringAt("fieldPath"), o["optionalOldSelf"] is null ? null : o.BoolAt("optionalOldSelf"));
}
