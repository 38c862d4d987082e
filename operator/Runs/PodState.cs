using System.Globalization;
using k8s.Models;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>What a worker pod's status says, in the words of this program.</summary>
internal static class PodState
{
    /// <summary>Conditions that are looked at.</summary>
    public static readonly IReadOnlyList<string> Conditions = ["PodScheduled", "Ready", "ContainersReady", "DisruptionTarget"];

    public static bool IsFinished(this V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    /// <summary>Time after its grace period in which a pod that was told to stop should be gone.</summary>
    public static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the pod's node does not answer: by the pod's own reason; by its Ready condition, which the control plane takes back while
    /// the last that the node said is that its containers are ready; or by a grace period (it ends at deletionTimestamp) that is long over.
    /// </summary>
    public static bool IsLost(this V1Pod pod, DateTimeOffset now) =>
        !pod.IsFinished() && (pod.Status?.Reason == "NodeLost"
            || pod.Status?.Phase == "Running" && Condition(pod, "Ready") == "False" && Condition(pod, "ContainersReady") == "True"
            || JobState.Time(pod.Metadata.DeletionTimestamp) is { } end && now - end > StuckAfter);

    public static bool IsWorking(this V1Pod pod) => pod.Status?.Phase == "Running" && pod.Metadata.DeletionTimestamp is null;

    /// <summary>Shard of the pod; 0 for the kinds without shards.</summary>
    public static int Shard(this V1Pod pod) =>
        pod.Metadata.Annotations?.TryGetValue(Labels.CompletionIndex, out string? text) == true
        && int.TryParse(text, CultureInfo.InvariantCulture, out var index) ? index : 0;

    /// <summary>
    /// Failed attempts of the pod's shard up to and with this pod, as the Job controller counts them: a disruption is none. Whether a pod
    /// that was deleted is one, the next pod's annotation tells.
    /// </summary>
    public static int Failures(this V1Pod pod) =>
        (pod.Metadata.Annotations?.TryGetValue(Labels.FailureCount, out string? text) == true
            && int.TryParse(text, CultureInfo.InvariantCulture, out var before) ? before : 0)
        + (pod.Status?.Phase == "Failed" && pod.Metadata.DeletionTimestamp is null && Condition(pod, "DisruptionTarget") != "True" ? 1 : 0);

    /// <summary>How the worker's container ended, if it has.</summary>
    public static V1ContainerStateTerminated? Terminated(this V1Pod pod) => pod.Worker()?.State?.Terminated;

    /// <summary>Status of the worker's container; sidecars that a mesh adds are none of ours.</summary>
    public static V1ContainerStatus? Worker(this V1Pod pod) =>
        pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.ContainerName);

    /// <summary>When the pod ended, as well as it is known.</summary>
    public static DateTimeOffset FinishedAt(this V1Pod pod) =>
        JobState.Time(pod.Terminated()?.FinishedAt) ?? JobState.Time(pod.Metadata.CreationTimestamp) ?? DateTimeOffset.MinValue;

    /// <summary>Whether somebody deleted the pod, rather than the cluster for its own reasons.</summary>
    public static bool WasDeletedByHand(this V1Pod pod) => pod.Metadata.DeletionTimestamp is not null
        && Condition(pod, "DisruptionTarget") != "True";

    private static string? Condition(V1Pod pod, string type) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == type)?.Status;

    public static bool IsOwnedBy(this V1Pod pod, V1Job job) =>
        pod.Metadata.OwnerReferences?.Any(o => o.Uid == job.Metadata.Uid) == true;
}
