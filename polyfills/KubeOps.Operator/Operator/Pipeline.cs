using System.Net;
using k8s;
using k8s.Autorest;
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

/// <summary>Takes items for objects of one type; false if nothing reconciles at present.</summary>
internal interface IPipeline<TEntity> : IPipeline
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    bool Add(TEntity entity, ReconciliationType type, ReconciliationTriggerSource source, TimeSpan delay);
}

/// <summary>Informer → queue → workers, for one controller. Each run (term of leadership) starts with an empty queue.</summary>
internal sealed class Pipeline<TEntity>(
    IReconciler<TEntity> reconciler,
    IKubernetesClient client,
    OperatorSettings settings,
    Func<CancellationToken, ValueTask<string?>> labelSelector,
    OperatorMetrics? metrics,
    TimeProvider time,
    ILogger<Pipeline<TEntity>> logger) : IPipeline<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private static readonly string Kind = typeof(TEntity).Name;
    private volatile WorkQueue<TEntity>? current;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<TEntity>(time);
        current = queue;
        metrics?.Observe(Kind, () => current?.Scheduled ?? 0, () => current?.Ready ?? 0);
        try
        {
            var informer = new Informer<TEntity>(client, settings, labelSelector, i => Add(queue, i, TimeSpan.Zero), metrics, time, logger);
            var workers = Enumerable.Range(0, settings.ParallelReconciliation.MaxParallelReconciliations)
                .Select(_ => Task.Run(() => WorkAsync(queue, cancellationToken), CancellationToken.None));
            await Task.WhenAll(workers.Append(Task.Run(() => informer.RunAsync(cancellationToken), CancellationToken.None))).ConfigureAwait(false);
        }
        finally
        {
            current = null;
        }
    }

    public bool Add(TEntity entity, ReconciliationType type, ReconciliationTriggerSource source, TimeSpan delay) =>
        current is { } queue && Add(queue, WorkItem<TEntity>.Of(entity, type, source), delay);

    private bool Add(WorkQueue<TEntity> queue, WorkItem<TEntity> item, TimeSpan delay)
    {
        metrics?.Enqueued(Kind, item.Source);
        return queue.Add(item, delay);
    }

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
        var startedAt = time.GetTimestamp();
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
            metrics?.Reconciled(Kind, item.Type, false, time.GetElapsedTime(startedAt), e.GetType().FullName);
            Retry(queue, item, result, thrown: true);
            return;
        }

        metrics?.Reconciled(Kind, item.Type, result?.IsFailure != true, time.GetElapsedTime(startedAt), result?.Error?.GetType().FullName);
        if (result?.IsFailure == true)
        {
            Retry(queue, item, result, thrown: false);
            return;
        }

        if (item.Type == ReconciliationType.Deleted || result is null)
        {
            queue.Drop(item.Key);
            return;
        }

        queue.Forget(item.Key);
        if (result.RequeueAfter is { } delay)
        {
            metrics?.Requeued(Kind, "operator_requeue");
            Add(queue, WorkItem<TEntity>.Of(result.Entity, ReconciliationType.Modified, ReconciliationTriggerSource.Operator), delay);
        }
    }

    private void Retry(WorkQueue<TEntity> queue, WorkItem<TEntity> item, ReconciliationResult<TEntity> result, bool thrown)
    {
        var failures = queue.Failed(item.Key);
        var delay = result.RequeueAfter ?? RetryDelay.AfterReconcile(result.Error, failures, settings.ParallelReconciliation.ErrorBackoffBase);
        var (ns, name, seconds) = (item.Entity.Namespace(), item.Entity.Name(), delay.TotalSeconds);
        if (result.Error is HttpOperationException { Response.StatusCode: HttpStatusCode.Conflict } && failures < 5)
        {
            logger.Conflict(Kind, ns, name, seconds);
        }
        else if (thrown)
        {
            logger.ReconcileFailed(result.Error, Kind, ns, name, failures, seconds);
        }
        else
        {
            logger.ReconcileUnsuccessful(result.Error, Kind, ns, name, result.ErrorMessage ?? "", seconds);
        }

        metrics?.Requeued(Kind, "error_retry");
        Add(queue, item with { Source = ReconciliationTriggerSource.Operator }, delay);
    }
}
