using k8s;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Rbac;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Watching;

/// <summary>Hands what happens to a run's Job, pods and ConfigMap to the run's own queue.</summary>
[EntityRbac(typeof(V1Job), typeof(V1Pod), typeof(V1ConfigMap), Verbs = RbacVerb.Get | RbacVerb.List | RbacVerb.Watch)]
internal sealed class OwnedController<T>(RunQueue queue, RunMemory memory) : IEntityController<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Changes come in bursts (a pod ends, its Job counts it, twice); one look serves them all.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    public async Task<ReconciliationResult<T>> ReconcileAsync(T owned, CancellationToken cancellationToken)
    {
        if (Owner.Of(owned) is { } owner) await queue.EnqueueAsync(owner.Run, owner.Uid, Burst, cancellationToken).ConfigureAwait(false);
        return ReconciliationResult<T>.Success(owned);
    }

    public Task<ReconciliationResult<T>> DeletedAsync(T owned, CancellationToken cancellationToken)
    {
        // A pod's last words go with it, unless they are read from the event that tells of its end.
        if (owned is V1Pod pod && Owner.Of(pod) is { } owner) memory.Progress.AddFinished(owner.Uid, [pod]);
        return ReconcileAsync(owned, cancellationToken);
    }
}

/// <summary>The run that an object says it belongs to. Good enough to look at that run; not proof of anything.</summary>
internal static class Owner
{
    public static (RunKey Run, string Uid)? Of(IKubernetesObject<V1ObjectMeta> owned)
    {
        V1ObjectMeta metadata = owned.Metadata;
        return metadata.Labels?.TryGetValue(Labels.RunUid, out string? uid) == true
            && metadata.Annotations is { } annotations
            && annotations.TryGetValue(Labels.Run, out string? name)
            && annotations.TryGetValue(Labels.Kind, out string? kindName)
            && Enum.TryParse(kindName, out RunKind kind) && Enum.IsDefined(kind)
                ? (new RunKey(kind, metadata.NamespaceProperty, name), uid!)
                : null;
    }
}

/// <summary>Only what belongs to runs is watched.</summary>
internal sealed class OwnedSelector<T> : IEntityLabelSelector<T>
    where T : IKubernetesObject<V1ObjectMeta>
{
    public ValueTask<string?> GetLabelSelectorAsync(CancellationToken cancellationToken) => ValueTask.FromResult<string?>(Labels.RunUid);
}
