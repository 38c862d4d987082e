using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

/// <summary>
/// Keeps the last known state of every object of a type and reports what changed: a paged list, then a watch from the list's version.
/// A watch that the server ends goes on from the last version seen; after 410 Gone, a broken connection, and every resync period the
/// list is read again, and what is missing from it is reported as deleted.
/// </summary>
internal sealed class Informer<TEntity>(
    IKubernetesClient client,
    OperatorSettings settings,
    Func<CancellationToken, ValueTask<string?>> labelSelector,
    Func<WorkItem<TEntity>, bool> report,
    OperatorMetrics? metrics,
    TimeProvider time,
    ILogger logger)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    public static readonly TimeSpan ResyncPeriod = TimeSpan.FromMinutes(10);

    private static readonly string Kind = typeof(TEntity).Name;
    private readonly Dictionary<string, TEntity> known = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        var failures = 0;
        var listedAt = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (version is null)
                {
                    version = await ListAsync(listedAt != 0 && time.GetElapsedTime(listedAt) >= ResyncPeriod, cancellationToken).ConfigureAwait(false);
                    listedAt = time.GetTimestamp();
                }

                var startedAt = time.GetTimestamp();
                version = await WatchAsync(version, ResyncPeriod - time.GetElapsedTime(listedAt), () => failures = 0, cancellationToken).ConfigureAwait(false);
                if (version is not null && time.GetElapsedTime(startedAt) < RetryDelay.WatchBase)
                {
                    // a server that ends every watch at once must not be asked in a tight loop
                    await Task.Delay(RetryDelay.After(++failures, RetryDelay.WatchBase, RetryDelay.WatchCap), time, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsGone(e) && version is not null)
            {
                logger.WatchExpired(Kind, version);
                version = null;
            }
            catch (Exception e)
            {
                version = null;
                var delay = RetryDelay.After(++failures, RetryDelay.WatchBase, RetryDelay.WatchCap);
                logger.WatchFailed(e, Kind, delay.TotalSeconds);
                metrics?.Reconnected(Kind);
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Reads the whole list, reports the differences (or everything), and returns the list's version.</summary>
    private async Task<string> ListAsync(bool everything, CancellationToken cancellationToken)
    {
        var selector = await labelSelector(cancellationToken).ConfigureAwait(false);
        var seen = new HashSet<string>();
        string? next = null;
        while (true)
        {
            var (items, metadata) = await KubeOps.KubernetesClient.KubernetesClient.ListRawPageAsync<TEntity>(client.ApiClient.CustomObjects, settings.Namespace, selector, next, cancellationToken).ConfigureAwait(false);
            foreach (var item in items)
            {
                seen.Add(Uid(item));
                if (Parse(item) is { } entity)
                {
                    Changed(entity, everything);
                }
            }

            next = metadata.ContinueProperty;
            if (string.IsNullOrEmpty(next))
            {
                foreach (var (uid, entity) in known.Where(k => !seen.Contains(k.Key)).ToList())
                {
                    known.Remove(uid);
                    report(WorkItem<TEntity>.Of(entity, ReconciliationType.Deleted, ReconciliationTriggerSource.ApiServer));
                }

                return metadata.ResourceVersion ?? "";
            }
        }
    }

    /// <returns>Where to go on, or null if it is time to list again.</returns>
    private async Task<string?> WatchAsync(string version, TimeSpan limit, Action alive, CancellationToken cancellationToken)
    {
        using var resync = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, resync.Token);
        try
        {
            var selector = await labelSelector(cancellationToken).ConfigureAwait(false);
            await foreach (var (type, entity) in client.WatchAsync<TEntity>(settings.Namespace, version, selector, true, either.Token).ConfigureAwait(false))
            {
                alive();
                metrics?.WatchEvent(Kind, type);
                version = entity.ResourceVersion() ?? version;
                switch (type)
                {
                    case WatchEventType.Added or WatchEventType.Modified:
                        Changed(entity.Initialize(), false);
                        break;
                    case WatchEventType.Deleted:
                        known.Remove(entity.Uid() ?? "");
                        report(WorkItem<TEntity>.Of(entity.Initialize(), ReconciliationType.Deleted, ReconciliationTriggerSource.ApiServer));
                        break;
                }
            }

            return version;
        }
        catch (HttpRequestException e) when (e.InnerException is EndOfStreamException)
        {
            return version;     // what the client makes of a watch that the server ends before its first event
        }
        catch (OperationCanceledException) when (resync.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private void Changed(TEntity entity, bool always)
    {
        var uid = entity.Uid() ?? "";
        var before = known.GetValueOrDefault(uid);
        known[uid] = entity;
        if (before is null)
        {
            report(WorkItem<TEntity>.Of(entity, ReconciliationType.Added, ReconciliationTriggerSource.ApiServer));
        }
        else if (always || Matters(before, entity))
        {
            report(WorkItem<TEntity>.Of(entity, ReconciliationType.Modified, always ? ReconciliationTriggerSource.Operator : ReconciliationTriggerSource.ApiServer));
        }
    }

    private bool Matters(TEntity before, TEntity now) =>
        settings.ReconcileStrategy == ReconcileStrategy.ByGeneration && now.Generation() is { } generation
            ? generation > (before.Generation() ?? 0) || now.DeletionTimestamp() is not null
            : before.ResourceVersion() != now.ResourceVersion();

    /// <summary>One object that cannot be read must not hide all others.</summary>
    private TEntity? Parse(JsonElement item)
    {
        try
        {
            return KubernetesJson.Deserialize<TEntity>(item).Initialize();
        }
        catch (JsonException e)
        {
            var metadata = item.GetProperty("metadata");
            logger.Unreadable(e, Kind, metadata.TryGetProperty("namespace", out var ns) ? ns.GetString() : null, metadata.GetProperty("name").GetString());
            return default;
        }
    }

    private static string Uid(JsonElement item) =>
        item.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("uid", out var uid) ? uid.GetString() ?? "" : "";

    private static bool IsGone(Exception e) =>
        e is KubernetesException { Status.Code: (int)HttpStatusCode.Gone } or HttpOperationException { Response.StatusCode: HttpStatusCode.Gone };
}
