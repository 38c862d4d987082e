using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Runs;
using LightReasoner.Operator.Watching;

namespace LightReasoner.Operator.Progress;

/// <summary>A pod that was shown to work for a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="RunUid">Its uid.</param>
/// <param name="PodUid">The pod's uid.</param>
/// <param name="Shard">The shard that the pod works on.</param>
internal sealed record WorkerPod(RunKey Run, string RunUid, string PodUid, int Shard);

/// <summary>Finds the run that a pod works for; null if it works for none.</summary>
internal interface IWorkerPods
{
    WorkerPod? Find(TokenIdentity identity);
}

/// <summary>
/// Follows controller references from the pod to its Job to the run, in the watches' store. Labels and annotations prove nothing: whoever
/// may create pods may write them. So the Job must be the one under the run's own Job name, and each uid must fit.
/// </summary>
internal sealed class WorkerPods(OwnedStore owned) : IWorkerPods
{
    public WorkerPod? Find(TokenIdentity identity)
    {
        if (owned.Worker(identity.PodUid) is not { } found || found.Pod.Metadata.Name != identity.PodName
            || found.Pod.Metadata.NamespaceProperty != identity.Namespace
            || Controller(found.Pod.Metadata, "batch/v1")?.Uid != found.Job.Metadata.Uid
                || Controller(found.Job.Metadata, ApiGroup.ApiVersion) is not { } runOwner
            || !Enum.TryParse(runOwner.Kind, out RunKind kind) || !Enum.IsDefined(kind)) return null;
        var run = new RunKey(kind, identity.Namespace, runOwner.Name);
        return JobNames.Of(run) == found.Job.Metadata.Name ? new WorkerPod(run, runOwner.Uid, identity.PodUid, found.Pod.Shard()) : null;
    }

    private static V1OwnerReference? Controller(V1ObjectMeta metadata, string apiVersion) =>
        metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true && owner.ApiVersion == apiVersion);
}
