using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>A sub-resource as discovery shows it.</summary>
internal sealed record Subresource(string Name, string Kind, string[] Verbs, string Group = "", string Version = "");

/// <summary>Keys that lead to what the scale sub-resource shows.</summary>
internal sealed record ScalePaths(string[] Spec, string[] Status, string[]? Selector);

/// <summary>One resource of one API version: what is served under <c>/apis/GROUP/VERSION/PLURAL</c>.</summary>
internal sealed class ResourceType
{
    public static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public static readonly string[] StatusVerbs = ["get", "patch", "update"];

    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string? ListKindOverride { get; init; }

    public string ListKind => ListKindOverride ?? Kind + "List";

    public bool Namespaced { get; init; } = true;

    public string[] ShortNames { get; init; } = [];

    public string[] Categories { get; init; } = [];

    public string[] Verbs { get; init; } = AllVerbs;

    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    public required TypeSchema Schema { get; init; }

    public required ResourceStrategy Strategy { get; init; }

    /// <summary>Served from a CustomResourceDefinition.</summary>
    public bool Custom { get; init; }

    /// <summary>Where the scale sub-resource of a custom resource finds its fields; null for none.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>The schema has changed since it was first served: what was stored before is completed when it is read.</summary>
    public bool DefaultsOnRead { get; init; }

    /// <summary>The schema as the CustomResourceDefinition has it, for OpenAPI.</summary>
    public JsonObject? OpenApiSchema { get; init; }

    /// <summary>Name in the store: versions and aliases of a resource share one.</summary>
    public string Storage { get; init; } = "";

    /// <summary>What deprecated versions warn about; null for others.</summary>
    public string? DeprecationWarning { get; init; }

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public string QualifiedName => Fail.Qualified(Group, Plural);

    /// <summary>Has a status sub-resource: writes of the object leave status alone.</summary>
    public bool HasStatus => Subresources.Any(s => s.Name == "status");

    public string StorageName => Storage.Length > 0 ? Storage : $"{Group}/{Plural}";

    public ApiException NotFound(string name) => Fail.NotFound(Group, Plural, name);

    public ApiException Invalid(string name, params IReadOnlyList<FieldError> errors) => Fail.Invalid(Strategy.ErrorGroup ?? Group, Kind, name, errors);
}
