using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace LightReasoner.Api;

/// <summary>One document of this API: what <c>kubectl apply</c> sends and what <c>worker run -f</c> runs.</summary>
public abstract record Manifest
{
    /// <summary><c>lightreasoner.io/v1alpha1</c>.</summary>
    [JsonPropertyOrder(-4)]
    public string ApiVersion { get; init; } = LightReasoner.Api.ApiGroup.ApiVersion;

    /// <summary>SamplingRun, FineTuneRun or RefineRun.</summary>
    [JsonPropertyOrder(-3)]
    public RunKind Kind { get; init; }

    /// <summary>Name, namespace, labels.</summary>
    [JsonPropertyOrder(-2)]
    public ManifestMetadata Metadata { get; init; } = new();

    /// <summary>The spec, whatever its kind.</summary>
    [JsonIgnore]
    public abstract RunSpec RunSpec { get; }

    /// <summary>The status, whatever its kind.</summary>
    [JsonIgnore]
    public abstract RunStatus? RunStatus { get; }

    /// <summary>The manifest type of a kind.</summary>
    public static Type TypeOf(RunKind kind) => kind switch
    {
        RunKind.SamplingRun => typeof(SamplingRun),
        RunKind.FineTuneRun => typeof(FineTuneRun),
        RunKind.RefineRun => typeof(RefineRun),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of this API"),
    };
}

/// <summary>A document with the spec and status of one kind.</summary>
/// <typeparam name="TSpec">The kind's spec.</typeparam>
/// <typeparam name="TStatus">The kind's status.</typeparam>
public abstract record Manifest<TSpec, TStatus> : Manifest
    where TSpec : RunSpec
    where TStatus : RunStatus
{
    /// <summary>What is wanted.</summary>
    [Required, JsonPropertyOrder(1)]
    public TSpec Spec { get; init; } = null!;

    /// <summary>What is so. Written by the operator alone.</summary>
    [JsonPropertyOrder(2)]
    public TStatus? Status { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override RunSpec RunSpec => Spec;

    /// <inheritdoc/>
    [JsonIgnore]
    public override RunStatus? RunStatus => Status;
}

/// <summary>The part of an object's metadata that matters here; whatever else stands there is passed over.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record ManifestMetadata
{
    /// <summary>Name of the run.</summary>
    [Required, MinLength(1), MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string Name { get; init; } = null!;

    /// <summary>Namespace of the run; <c>default</c> where it is left out.</summary>
    [JsonPropertyName("namespace")]
    public string? Namespace { get; init; }

    /// <summary>Unique id that the cluster gave the object.</summary>
    public string? Uid { get; init; }

    /// <summary>Version of the spec that the cluster counts.</summary>
    public long? Generation { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
