using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>The pod that a run's worker runs in. What is left out comes from the operator's settings.</summary>
public sealed record WorkerSpec
{
    /// <summary>Container image.</summary>
    [MinLength(1), MaxLength(1024)]
    public string? Image { get; init; }

    /// <summary>When the image is pulled.</summary>
    [AllowedValues("Always", "IfNotPresent", "Never")]
    public string? ImagePullPolicy { get; init; }

    /// <summary>Secrets with credentials for the image's registry.</summary>
    [MaxLength(16)]
    public IReadOnlyList<LocalReference>? ImagePullSecrets { get; init; }

    /// <summary>GPUs per pod (<c>nvidia.com/gpu</c>); 0 runs on the CPU.</summary>
    [Range(0, 64)]
    public int Gpus { get; init; } = 1;

    /// <summary>Resource requests and limits of the container, in Kubernetes' own form.</summary>
    [KubernetesFragment]
    public JsonObject? Resources { get; init; }

    /// <summary>Node labels that the pod asks for.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>Tolerations, in Kubernetes' own form.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? Tolerations { get; init; }

    /// <summary>Affinity, in Kubernetes' own form.</summary>
    [KubernetesFragment]
    public JsonObject? Affinity { get; init; }

    /// <summary>Priority class of the pod.</summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? PriorityClassName { get; init; }

    /// <summary>Runtime class of the pod.</summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? RuntimeClassName { get; init; }

    /// <summary>Service account of the pod, for workload identity. No API token is mounted in any case.</summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? ServiceAccountName { get; init; }

    /// <summary>Further environment variables, in Kubernetes' own form.</summary>
    [KubernetesFragment, MaxLength(256)]
    public IReadOnlyList<JsonObject>? Env { get; init; }

    /// <summary>Further volumes, in Kubernetes' own form.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? Volumes { get; init; }

    /// <summary>Where those volumes are mounted, in Kubernetes' own form.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? VolumeMounts { get; init; }

    /// <summary>Further labels of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodLabels { get; init; }

    /// <summary>Further annotations of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodAnnotations { get; init; }
}
