using LightReasoner.Api;

namespace LightReasoner.Operator.Jobs;

/// <summary>A run's <c>spec.worker</c> laid over the operator's defaults.</summary>
internal static class WorkerDefaults
{
    /// <summary>
    /// Field by field; maps are merged, lists are not. <c>gpus</c> has a default of its own in the API and is always the run's.
    /// </summary>
    public static WorkerSpec Apply(WorkerSpec worker, WorkerSpec? defaults) => defaults is null ? worker : worker with
    {
        Image = worker.Image ?? defaults.Image,
        ImagePullPolicy = worker.ImagePullPolicy ?? defaults.ImagePullPolicy,
        ImagePullSecrets = worker.ImagePullSecrets ?? defaults.ImagePullSecrets,
        GpuResource = worker.GpuResource ?? defaults.GpuResource,
        Resources = worker.Resources ?? defaults.Resources,
        NodeSelector = Merge(worker.NodeSelector, defaults.NodeSelector),
        Tolerations = worker.Tolerations ?? defaults.Tolerations,
        Affinity = worker.Affinity ?? defaults.Affinity,
        TopologySpreadConstraints = worker.TopologySpreadConstraints ?? defaults.TopologySpreadConstraints,
        Scratch = worker.Scratch ?? defaults.Scratch,
        TerminationGracePeriodSeconds = worker.TerminationGracePeriodSeconds ?? defaults.TerminationGracePeriodSeconds,
        PriorityClassName = worker.PriorityClassName ?? defaults.PriorityClassName,
        RuntimeClassName = worker.RuntimeClassName ?? defaults.RuntimeClassName,
        ServiceAccountName = worker.ServiceAccountName ?? defaults.ServiceAccountName,
        FsGroup = worker.FsGroup ?? defaults.FsGroup,
        Env = worker.Env ?? defaults.Env,
        Volumes = worker.Volumes ?? defaults.Volumes,
        VolumeMounts = worker.VolumeMounts ?? defaults.VolumeMounts,
        PodLabels = Merge(worker.PodLabels, defaults.PodLabels),
        PodAnnotations = Merge(worker.PodAnnotations, defaults.PodAnnotations),
    };

    private static Dictionary<string, string>? Merge(IReadOnlyDictionary<string, string>? over, IReadOnlyDictionary<string, string>? under)
    {
        if (over is null && under is null) return null;
        var merged = new Dictionary<string, string>(under ?? new Dictionary<string, string>());
        foreach (var (key, value) in over ?? new Dictionary<string, string>()) merged[key] = value;
        return merged;
    }
}
