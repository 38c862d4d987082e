using System.Globalization;
using k8s.Models;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>What a worker pod's status says, in the words of this program.</summary>
internal static class PodState
{
    public static bool IsFinished(this V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    public static bool IsWorking(this V1Pod pod) => pod.Status?.Phase == "Running" && pod.Metadata.DeletionTimestamp is null;

    /// <summary>Shard of the pod; 0 for the kinds without shards.</summary>
    public static int Shard(this V1Pod pod) =>
        pod.Metadata.Annotations?.TryGetValue(Labels.CompletionIndex, out string? text) == true
        && int.TryParse(text, CultureInfo.InvariantCulture, out int index) ? index : 0;

    /// <summary>How the worker's container ended, if it has.</summary>
    public static V1ContainerStateTerminated? Terminated(this V1Pod pod) => pod.Worker()?.State?.Terminated;

    /// <summary>Status of the worker's container; sidecars that a mesh adds are none of ours.</summary>
    public static V1ContainerStatus? Worker(this V1Pod pod) =>
        pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.ContainerName);

    /// <summary>When the pod ended, as well as it is known.</summary>
    public static DateTimeOffset FinishedAt(this V1Pod pod) =>
        JobState.Time(pod.Terminated()?.FinishedAt) ?? JobState.Time(pod.Metadata.CreationTimestamp) ?? DateTimeOffset.MinValue;

    public static bool IsOwnedBy(this V1Pod pod, V1Job job) =>
        pod.Metadata.OwnerReferences?.Any(o => o.Uid == job.Metadata.Uid) == true;
}
