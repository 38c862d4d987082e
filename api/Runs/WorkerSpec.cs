using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>The pod that a run's worker runs in. What is left out comes from the operator's settings.</summary>
public sealed record WorkerSpec
{
    /// <summary>Container image. Left out: the operator's CPU image where gpus is 0, its CUDA image otherwise.</summary>
    [MinLength(1), MaxLength(1024)]
    public string? Image { get; init; }

    /// <summary>When the image is pulled.</summary>
    [AllowedValues("Always", "IfNotPresent", "Never")]
    public string? ImagePullPolicy { get; init; }

    /// <summary>Secrets with credentials for the image's registry.</summary>
    [MaxLength(16)]
    public IReadOnlyList<LocalReference>? ImagePullSecrets { get; init; }

    /// <summary>GPUs per pod; 0 runs on the CPU. A replica of the model works on each.</summary>
    [Range(0, 64)]
    public int Gpus { get; init; } = 1;

    /// <summary>
    /// Resource that a GPU is asked for as: <c>nvidia.com/gpu</c> (as a rule, where left out), <c>amd.com/gpu</c>, or a MIG profile such as
    /// <c>nvidia.com/mig-3g.40gb</c>.
    /// </summary>
    [MinLength(3), MaxLength(253), RegularExpression(Patterns.ExtendedResource)]
    public string? GpuResource { get; init; }

    /// <summary>
    /// Resource requests and limits of the container, in Kubernetes' own form. A resource that is named in neither: requests of 500m cpu, 1Gi
    /// memory and 1Gi ephemeral-storage, and the size of scratch as the limit of ephemeral-storage.
    /// </summary>
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

    /// <summary>How the pods of a run spread over the cluster, in Kubernetes' own form.</summary>
    [KubernetesFragment, MaxLength(16)]
    public IReadOnlyList<JsonObject>? TopologySpreadConstraints { get; init; }

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

    /// <summary>The folder for downloaded models and temporary files.</summary>
    public ScratchSpec? Scratch { get; init; }

    /// <summary>
    /// Id of the group that owns the pod's volumes (fsGroup), for volumes that only root may write to otherwise. Left out: what the cluster
    /// gives (OpenShift does), or none.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? FsGroup { get; init; }

    /// <summary>Seconds between SIGTERM and SIGKILL, in which a worker writes its checkpoint.</summary>
    [Range(1, 3600)]
    public int? TerminationGracePeriodSeconds { get; init; }

    /// <summary>Further labels of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodLabels { get; init; }

    /// <summary>Further annotations of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodAnnotations { get; init; }
}

/// <summary>The folder for downloaded models and temporary files of a pod: an emptyDir, or a volume of its own where storageClassName is set.</summary>
[CelRule("!has(self.storageClassName) || has(self.sizeLimit)", "storageClassName needs a sizeLimit", nameof(HasSize), Field = "sizeLimit")]
public sealed record ScratchSpec
{
    /// <summary>Most bytes that it may take, such as <c>50Gi</c>. Left out: 100Gi of the node's disk.</summary>
    [MinLength(1), MaxLength(32), RegularExpression(Patterns.Quantity)]
    public string? SizeLimit { get; init; }

    /// <summary>Takes a volume of this storage class for each pod (a generic ephemeral volume) instead of the node's disk.</summary>
    [MinLength(1), MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? StorageClassName { get; init; }

    internal bool HasSize() => StorageClassName is null || SizeLimit is not null;
}
