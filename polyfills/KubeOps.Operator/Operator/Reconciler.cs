using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.DependencyInjection;

namespace KubeOps.Operator;

internal interface IReconciler<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <returns>Null if the object is gone or going, and nothing is to be done about it.</returns>
    Task<ReconciliationResult<TEntity>?> ReconcileAsync(WorkItem<TEntity> item, CancellationToken cancellationToken);
}

/// <summary>Calls the controller with the entity as the API server has it now.</summary>
internal sealed class Reconciler<TImplementation, TEntity>(IServiceScopeFactory scopes, IKubernetesClient client) : IReconciler<TEntity>
    where TImplementation : class, IEntityController<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    public async Task<ReconciliationResult<TEntity>?> ReconcileAsync(WorkItem<TEntity> item, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var controller = scope.ServiceProvider.GetRequiredService<TImplementation>();
            if (item.Type == ReconciliationType.Deleted)
            {
                return await controller.DeletedAsync(item.Entity, cancellationToken).ConfigureAwait(false);
            }

            var entity = await client.GetAsync<TEntity>(item.Entity.Name(), item.Entity.Namespace(),
                cancellationToken).ConfigureAwait(false);
            return entity is null || entity.DeletionTimestamp() is not null
                ? null : await controller.ReconcileAsync(entity.Initialize(), cancellationToken).ConfigureAwait(false);
        }
    }
}
