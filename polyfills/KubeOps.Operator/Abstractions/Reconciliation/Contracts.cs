using k8s;
using k8s.Models;

namespace KubeOps.Abstractions.Reconciliation.Controller
{
    public interface IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        /// <summary>Brings the world in line with the entity as it is now. May be called at any time, any number of times.</summary>
        Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

        /// <summary>The entity is gone; this is its last known state.</summary>
        Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellationToken);
    }
}

namespace KubeOps.Abstractions.Reconciliation.Queue
{
    /// <returns>False if it was dropped: this process does not reconcile at present (not the leader, or stopping).</returns>
    public delegate Task<bool> EntityQueue<in TEntity>(
        TEntity entity,
        ReconciliationType type,
        ReconciliationTriggerSource reconciliationTriggerSource,
        TimeSpan queueIn,
        int retryCount,
        CancellationToken cancellationToken)
        where TEntity : IKubernetesObject<V1ObjectMeta>;
}
