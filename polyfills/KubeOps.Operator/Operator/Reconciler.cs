using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.Abstractions.Reconciliation.Finalizer;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.DependencyInjection;

namespace KubeOps.Operator;

/// <summary>That <see cref="Implementation"/> finalizes <see cref="Entity"/> under this name.</summary>
internal sealed record FinalizerRegistration(Type Entity, Type Implementation, string Identifier);

internal interface IReconciler<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <returns>Null if the object is gone and nothing is to be done about it.</returns>
    Task<ReconciliationResult<TEntity>?> ReconcileAsync(WorkItem<TEntity> item, CancellationToken cancellationToken);
}

/// <summary>Decides which of controller and finalizers is called, with the entity as the API server has it now.</summary>
internal sealed class Reconciler<TImplementation, TEntity>(
    IServiceScopeFactory scopes,
    IKubernetesClient client,
    OperatorSettings settings,
    IEnumerable<FinalizerRegistration> finalizers) : IReconciler<TEntity>
    where TImplementation : class, IEntityController<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private readonly FinalizerRegistration[] finalizers = finalizers.Where(f => f.Entity == typeof(TEntity)).ToArray();

    public async Task<ReconciliationResult<TEntity>?> ReconcileAsync(WorkItem<TEntity> item, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (item.Type == ReconciliationType.Deleted)
            {
                return await Controller(scope).DeletedAsync(item.Entity, cancellationToken).ConfigureAwait(false);
            }

            var entity = await client.GetAsync<TEntity>(item.Entity.Name(), item.Entity.Namespace(), cancellationToken).ConfigureAwait(false);
            if (entity is null || (item.Entity.Uid() is { } uid && entity.Uid() != uid))
            {
                return null;        // its deletion comes, or came, as an item of its own
            }

            entity.Initialize();
            if (entity.DeletionTimestamp() is not null)
            {
                return await FinalizeAsync(scope, entity, cancellationToken).ConfigureAwait(false);
            }

            if (settings.AutoAttachFinalizers && finalizers.Count(f => entity.AddFinalizer(f.Identifier)) > 0)
            {
                entity = await client.UpdateAsync(entity, cancellationToken).ConfigureAwait(false);
            }

            return await Controller(scope).ReconcileAsync(entity, cancellationToken).ConfigureAwait(false);
        }
    }

    private static TImplementation Controller(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<TImplementation>();

    /// <summary>Runs the finalizers of ours that the entity bears, one after the other; the first that does not succeed ends it.</summary>
    private async Task<ReconciliationResult<TEntity>> FinalizeAsync(AsyncServiceScope scope, TEntity entity, CancellationToken cancellationToken)
    {
        foreach (var registration in finalizers.Where(f => entity.HasFinalizer(f.Identifier)))
        {
            var finalizer = (IEntityFinalizer<TEntity>)scope.ServiceProvider.GetRequiredService(registration.Implementation);
            var result = await finalizer.FinalizeAsync(entity, cancellationToken).ConfigureAwait(false);
            if (result.IsFailure || result.RequeueAfter is not null || !settings.AutoDetachFinalizers)
            {
                return result;
            }

            entity = result.Entity;
            entity.RemoveFinalizer(registration.Identifier);
            entity = await client.UpdateAsync(entity, cancellationToken).ConfigureAwait(false);
        }

        return ReconciliationResult<TEntity>.Success(entity);
    }
}
