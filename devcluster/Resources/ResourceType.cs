namespace LightReasoner.DevCluster.Resources;

/// <summary>A sub-resource as discovery shows it.</summary>
internal sealed record Subresource(string Name, string Kind, string[] Verbs, string Group = "", string Version = "");

/// <summary>One resource of one API version: what is served under <c>/apis/GROUP/VERSION/PLURAL</c>.</summary>
internal sealed class ResourceType
{
    public static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind => Kind + "List";

    public bool Namespaced { get; init; } = true;

    public string[] ShortNames { get; init; } = [];

    public string[] Categories { get; init; } = [];

    public string[] Verbs { get; init; } = AllVerbs;

    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    public required TypeSchema Schema { get; init; }

    public required ResourceStrategy Strategy { get; init; }

    /// <summary>The schema as the CustomResourceDefinition has it; null for built-in kinds.</summary>
    public JsonObject? OpenApiSchema { get; init; }

    public bool Custom => OpenApiSchema is not null;

    /// <summary>The schema has changed since it was first served: what was stored before is completed when it is read.</summary>
    public bool DefaultsOnRead { get; init; }

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Path of the group version, such as <c>apis/batch/v1</c>.</summary>
    public string GroupPath => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    public string QualifiedName => Fail.Qualified(Group, Plural);

    /// <summary>Has a status sub-resource: writes of the object leave status alone.</summary>
    public bool HasStatus => Subresources.Any(s => s.Name == "status");

    /// <summary>Name in the store.</summary>
    public string StorageName => $"{Group}/{Plural}";

    public ApiException NotFound(string name) => Fail.NotFound(Group, Plural, name);

    public ApiException Invalid(string name, params IReadOnlyList<FieldError> errors) => Fail.Invalid(Group, Kind, name, errors);
}
