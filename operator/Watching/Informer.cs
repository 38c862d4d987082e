using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace LightReasoner.Operator.Watching;

/// <summary>How often everything is looked at again, whatever was told.</summary>
internal static class Resync
{
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(10);
}

/// <summary>One page of a list, or a watch from a version.</summary>
/// <param name="Watch">Whether it is a watch.</param>
/// <param name="Continue">Where the next page of a list begins.</param>
/// <param name="Version">Where a watch begins.</param>
internal readonly record struct ListRequest(bool Watch, string? Continue = null, string? Version = null)
{
    /// <summary>Objects a page.</summary>
    public const int PageSize = 500;

    /// <summary>Seconds after which the server ends a watch.</summary>
    public const int WatchSeconds = 540;
}

/// <summary>
/// Follows the objects of a type: a paged list, then a watch from the list's version. After 410 Gone, a broken connection, and once in a
/// while the list is read again; what is missing from it has been deleted.
/// </summary>
/// <param name="name">What is watched, for messages.</param>
/// <param name="list">Lists or watches.</param>
/// <param name="changed">Takes an object in, and whether it comes from a list that was read again.</param>
/// <param name="listed">Takes the uids of a whole list.</param>
/// <param name="deleted">Takes what was deleted.</param>
/// <param name="outage">Tells of failures.</param>
/// <param name="time">The clock.</param>
internal sealed class Informer<T, TList>(
    string name, Func<ListRequest, CancellationToken, Task<HttpOperationResponse<TList>>> list, Action<T, bool> changed,
        Action<IReadOnlySet<string>> listed, Action<T> deleted,
    Outage outage, TimeProvider time)
    where T : IKubernetesObject<V1ObjectMeta>
    where TList : class, IKubernetesObject<V1ListMeta>, IItems<T>
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500), LastDelay = TimeSpan.FromSeconds(15);

    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the first list has been read.</summary>
    public Task Synced => synced.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        long listedAt = 0;
        var delay = FirstDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                if (version is null || time.GetElapsedTime(listedAt) >= Resync.Period)
                {
                    listedAt = time.GetTimestamp();
                    version = await ListAsync(cancellationToken).ConfigureAwait(false);
                    outage.Over();
                    synced.TrySetResult();
                }
                version = await WatchAsync(version, cancellationToken).ConfigureAwait(false);
                // A server that ends every watch at once is not asked in a tight loop.
                if (time.GetElapsedTime(began) > FirstDelay) delay = FirstDelay;
                else await Task.Delay(delay = Longer(delay), time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                var gone = IsGone(e) && version is not null;
                version = null;
                // The list is read again at once, unless the server forgets faster than it can be read.
                if (gone && time.GetElapsedTime(began) > FirstDelay) continue;
                if (!gone) outage.Told($"watching {name}", e);
                await Task.Delay(delay = Longer(delay), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>();
        string? next = null;
        while (true)
        {
            using var page = await list(new ListRequest(false, next), cancellationToken).ConfigureAwait(false);
            foreach (var o in page.Body.Items)
            {
                seen.Add(o.Metadata.Uid);
                changed(o, synced.Task.IsCompleted);
            }
            next = page.Body.Metadata?.ContinueProperty;
            if (!string.IsNullOrEmpty(next)) continue;
            listed(seen);
            return page.Body.Metadata?.ResourceVersion ?? "";
        }
    }

    private async Task<string> WatchAsync(string version, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
#pragma warning disable CS0618 // the typed watches of the client cannot give a failure's status
            await foreach (var (type, o) in list(new ListRequest(true, Version: version), cancellationToken)
                .WatchAsync<T, TList>(e => failure = e, cancellationToken).ConfigureAwait(false))
#pragma warning restore CS0618
            {
                if (failure is not null) break;
                version = o.Metadata?.ResourceVersion ?? version;
                if (type is WatchEventType.Added or WatchEventType.Modified) changed(o, false);
                else if (type == WatchEventType.Deleted) deleted(o);
            }
        }
        catch (HttpRequestException e) when (e.InnerException is EndOfStreamException)
        {
            // What the client makes of a watch that the server ends before its first event.
        }
        return failure is null ? version : throw failure;
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < LastDelay ? delay * 2 : LastDelay;

    private static bool IsGone(Exception e) =>
        e is KubernetesException { Status.Code: (int)HttpStatusCode.Gone } or HttpOperationException
        { Response.StatusCode: HttpStatusCode.Gone };
}
