using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>The pod that the worker runs in. Fields that are not set come from the operator's worker defaults.</summary>
[CelRule("self.gpus <= 1 || !has(self.gpuResource) || !self.gpuResource.startsWith('nvidia.com/mig-')",
    "a worker uses one MIG device; set gpus to 1", nameof(UsesItsGpus), Field = "gpus")]
public sealed record WorkerSpec
{
    /// <summary>Container image. Default: the operator's CPU image if gpus is 0, otherwise its CUDA image.</summary>
    [MinLength(1), MaxLength(1024)]
    public string? Image { get; init; }

    /// <summary>When the image is pulled. Default: as Kubernetes does.</summary>
    [AllowedValues("Always", "IfNotPresent", "Never")]
    public string? ImagePullPolicy { get; init; }

    /// <summary>Secrets with credentials for the image's registry.</summary>
    [MaxLength(16)]
    public IReadOnlyList<LocalReference>? ImagePullSecrets { get; init; }

    /// <summary>Number of GPUs per pod, with a replica of the model on each. 0 runs on the CPU.</summary>
    [Range(0, 64)]
    public int Gpus { get; init; } = 1;

    /// <summary>
    /// Name of the resource that is requested for a GPU, for example a MIG profile such as <c>nvidia.com/mig-3g.40gb</c>, of which a
    /// worker uses one. Default: <c>nvidia.com/gpu</c>.
    /// </summary>
    [MinLength(3), MaxLength(253), RegularExpression(Patterns.ExtendedResource)]
    public string? GpuResource { get; init; }

    /// <summary>
    /// Resource requests and limits of the container, as in a Pod. Defaults for each resource that is not set: requests of 500m cpu, 1Gi
    /// memory and 1Gi ephemeral-storage, and scratch.sizeLimit as the limit of ephemeral-storage.
    /// </summary>
    [KubernetesFragment]
    public JsonObject? Resources { get; init; }

    /// <summary>Labels that a node must have.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>Tolerations, as in a Pod.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? Tolerations { get; init; }

    /// <summary>Affinity, as in a Pod.</summary>
    [KubernetesFragment]
    public JsonObject? Affinity { get; init; }

    /// <summary>How the pods of a run are spread over nodes and zones, as in a Pod.</summary>
    [KubernetesFragment, MaxLength(16)]
    public IReadOnlyList<JsonObject>? TopologySpreadConstraints { get; init; }

    /// <summary>Name of the pod's PriorityClass.</summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? PriorityClassName { get; init; }

    /// <summary>Name of the pod's RuntimeClass.</summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? RuntimeClassName { get; init; }

    /// <summary>
    /// Service account of the pod, for workload identity. No API token is mounted. Default: the namespace's default account.
    /// </summary>
    [MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? ServiceAccountName { get; init; }

    /// <summary>Additional environment variables, as in a container.</summary>
    [KubernetesFragment, MaxLength(256)]
    public IReadOnlyList<JsonObject>? Env { get; init; }

    /// <summary>Additional volumes, as in a Pod.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? Volumes { get; init; }

    /// <summary>Where those volumes are mounted, as in a container.</summary>
    [KubernetesFragment, MaxLength(64)]
    public IReadOnlyList<JsonObject>? VolumeMounts { get; init; }

    /// <summary>Space for downloaded models and temporary files.</summary>
    public ScratchSpec? Scratch { get; init; }

    /// <summary>
    /// Group id that owns the pod's volumes (fsGroup), for volumes that otherwise only root may write to. Default: assigned by the cluster
    /// (OpenShift), or none.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? FsGroup { get; init; }

    /// <summary>Seconds between SIGTERM and SIGKILL, in which the worker writes a checkpoint. Default: 120.</summary>
    [Range(1, 3600)]
    public int? TerminationGracePeriodSeconds { get; init; }

    /// <summary>Additional labels of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodLabels { get; init; }

    /// <summary>Additional annotations of the pod.</summary>
    [MaxLength(64)]
    public IReadOnlyDictionary<string, string>? PodAnnotations { get; init; }

    /// <summary>CUDA shows a process one MIG device, however many its pod has.</summary>
    internal bool UsesItsGpus() => Gpus <= 1 || GpuResource?.StartsWith("nvidia.com/mig-", StringComparison.Ordinal) != true;
}

/// <summary>
/// A pod's space for downloaded models and temporary files: an emptyDir, or a volume of its own if storageClassName is set.
/// </summary>
[CelRule("!has(self.storageClassName) || has(self.sizeLimit)", "storageClassName needs a sizeLimit", nameof(HasSize), Field = "sizeLimit")]
public sealed record ScratchSpec
{
    /// <summary>Maximum size in bytes, such as <c>50Gi</c>. Default: 100Gi. Required with storageClassName.</summary>
    [MinLength(1), MaxLength(32), RegularExpression(Patterns.Quantity)]
    public string? SizeLimit { get; init; }

    /// <summary>Uses a generic ephemeral volume of this storage class for each pod. Default: the node's disk.</summary>
    [MinLength(1), MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string? StorageClassName { get; init; }

    internal bool HasSize() => StorageClassName is null || SizeLimit is not null;
}
