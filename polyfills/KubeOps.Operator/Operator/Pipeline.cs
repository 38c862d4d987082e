using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

internal interface IPipeline
{
    /// <summary>Watches and reconciles until cancelled; ends when the last reconciliation has ended.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>Watcher → queue → workers, for one controller. Each run (term of leadership) starts with an empty queue.</summary>
internal sealed class Pipeline<TEntity>(
    IReconciler<TEntity> reconciler, IKubernetesClient client, OperatorSettings settings, OperatorMetrics metrics, TimeProvider time,
        ILogger<Pipeline<TEntity>> logger) : IPipeline
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private static readonly string Kind = typeof(TEntity).Name;
    private volatile WorkQueue<TEntity>? current;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<TEntity>(time);
        current = queue;
        metrics.Observe(Kind, () => current?.Scheduled ?? 0, () => current?.Ready ?? 0);
        try
        {
            var watcher = new ResourceWatcher<TEntity>(client, settings, item => queue.Add(item), time, logger);
            var workers = Enumerable.Range(0, settings.ParallelReconciliation.MaxParallelReconciliations)
                .Select(_ => Task.Run(() => WorkAsync(queue, cancellationToken), CancellationToken.None));
            await Task.WhenAll(workers.Append(Task.Run(() => watcher.RunAsync(cancellationToken), CancellationToken.None)))
                .ConfigureAwait(false);
        }
        finally
        {
            current = null;
        }
    }

    public bool Add(TEntity entity, ReconciliationType type, ReconciliationTriggerSource source, TimeSpan delay) =>
        current is { } queue && queue.Add(WorkItem<TEntity>.Of(entity, type, source), delay);

    private async Task WorkAsync(WorkQueue<TEntity> queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            WorkItem<TEntity> item;
            try
            {
                item = await queue.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await ReconcileAsync(queue, item, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                queue.Done(item.Key);
            }
        }
    }

    private async Task ReconcileAsync(WorkQueue<TEntity> queue, WorkItem<TEntity> item, CancellationToken cancellationToken)
    {
        ReconciliationResult<TEntity>? result;
        try
        {
            result = await reconciler.ReconcileAsync(item, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            result = ReconciliationResult<TEntity>.Failure(item.Entity, e.Message, e);
        }

        if (result?.IsSuccess == false)
        {
            var failures = queue.Failed(item.Key);
            var delay = result.RequeueAfter ?? RetryDelay.After(failures, settings.ParallelReconciliation.ErrorBackoffBase,
                RetryDelay.ReconcileCap);
            logger.ReconcileFailed(result.Error, Kind, item.Entity.Namespace(), item.Entity.Name(), failures, delay.TotalSeconds);
            queue.Add(item with { Source = ReconciliationTriggerSource.Operator }, delay);
            return;
        }

        queue.Forget(item.Key);
        if (item.Type != ReconciliationType.Deleted && result?.RequeueAfter is { } again)
        {
            queue.Add(WorkItem<TEntity>.Of(result.Entity, ReconciliationType.Modified, ReconciliationTriggerSource.Operator), again);
        }
    }
}
