using System.Net;
using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

/// <summary>
/// Watches the objects of a type, from the beginning (the server then tells what exists) or from the last bookmark, and reports what the
/// reconcile strategy asks for. What is deleted while no watch is open is not reported, as upstream.
/// </summary>
internal sealed class ResourceWatcher<TEntity>(IKubernetesClient client, OperatorSettings settings, Action<WorkItem<TEntity>> report,
    TimeProvider time, ILogger logger)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private static readonly string Kind = typeof(TEntity).Name;
    private readonly Dictionary<string, string> reported = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var startedAt = time.GetTimestamp();
            try
            {
                await foreach (var (type, entity) in client.WatchAsync<TEntity>(settings.Namespace, version, null, true,
                    cancellationToken).ConfigureAwait(false))
                {
                    failures = 0;
                    if (type == WatchEventType.Bookmark)
                    {
                        version = entity.ResourceVersion();
                    }
                    else
                    {
                        Report(type, entity.Initialize());
                    }
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesException e) when (e.Status?.Code == (int)HttpStatusCode.Gone)
            {
                version = null;
            }
            catch (HttpRequestException e) when (e.InnerException is EndOfStreamException)
            {
                // What the client makes of a watch that the server ends before its first event.
            }
            catch (Exception e)
            {
                logger.WatchFailed(e, Kind);
                failures = Math.Max(1, failures);
            }

            // A server that ends every watch at once must not be asked in a tight loop.
            if (failures > 0 || time.GetElapsedTime(startedAt) < RetryDelay.WatchBase)
            {
                await Task.Delay(RetryDelay.After(++failures, RetryDelay.WatchBase, RetryDelay.WatchCap), time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Report(WatchEventType type, TEntity entity)
    {
        var uid = entity.Uid() ?? "";
        if (type == WatchEventType.Deleted)
        {
            reported.Remove(uid);
            report(WorkItem<TEntity>.Of(entity, ReconciliationType.Deleted, ReconciliationTriggerSource.ApiServer));
            return;
        }

        var token = settings.ReconcileStrategy == ReconcileStrategy.ByGeneration
            ? $"{entity.Generation()}/{entity.DeletionTimestamp() is not null}" : entity.ResourceVersion();
        if (reported.TryGetValue(uid, out var before) && before == token)
        {
            return;
        }

        reported[uid] = token;
        report(WorkItem<TEntity>.Of(entity, before is null ? ReconciliationType.Added : ReconciliationType.Modified,
            ReconciliationTriggerSource.ApiServer));
    }
}
