using k8s.Models;
using KubeOps.Abstractions.Rbac;
using KubeOps.KubernetesClient;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Progress;

/// <summary>
/// Follows controller references from the pod to its Job to the run. Labels and annotations prove nothing: whoever may create pods may
/// write them. So the Job must be the one under the run's own Job name, and each uid must fit.
/// </summary>
[EntityRbac(typeof(V1Pod), typeof(V1Job), Verbs = RbacVerb.Get)]
internal sealed class WorkerPods(IKubernetesClient client) : IWorkerPods
{
    public async Task<WorkerPod?> FindAsync(TokenIdentity identity, CancellationToken cancellationToken)
    {
        V1Pod? pod = await client.GetAsync<V1Pod>(identity.PodName, identity.Namespace, cancellationToken).ConfigureAwait(false);
        if (pod is null || pod.Metadata.Uid != identity.PodUid || Controller(pod.Metadata, "batch/v1") is not { Kind: "Job" } jobOwner) return null;
        V1Job? job = await client.GetAsync<V1Job>(jobOwner.Name, identity.Namespace, cancellationToken).ConfigureAwait(false);
        if (job is null || job.Metadata.Uid != jobOwner.Uid || Controller(job.Metadata, ApiGroup.ApiVersion) is not { } runOwner
            || !Enum.TryParse(runOwner.Kind, out RunKind kind) || !Enum.IsDefined(kind)) return null;
        var run = new RunKey(kind, identity.Namespace, runOwner.Name);
        return Jobs.JobNames.Of(run) == job.Metadata.Name ? new WorkerPod(run, runOwner.Uid, identity.PodUid, pod.Shard()) : null;
    }

    private static V1OwnerReference? Controller(V1ObjectMeta metadata, string apiVersion) =>
        metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true && owner.ApiVersion == apiVersion);
}
