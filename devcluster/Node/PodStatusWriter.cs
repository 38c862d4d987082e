namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Writes one Pod's status: always the newest facts, one write at a time, again and again while the API server is away.
/// Containers never wait for it.
/// </summary>
internal sealed class PodStatusWriter(ApiClient api, string path, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Func<JsonObject>? wanted;
    private Task writing = Task.CompletedTask;

    /// <summary>The Pod is gone from the API server: nothing more is written.</summary>
    public bool Gone { get; private set; }

    /// <summary>Asks for a write of what <paramref name="patch"/> gives when its turn comes.</summary>
    public void Write(Func<JsonObject> patch, CancellationToken cancel)
    {
        lock (gate)
        {
            wanted = patch;
            if (writing.IsCompleted) writing = Task.Run(() => WriteAll(cancel), CancellationToken.None);
        }
    }

    /// <summary>Completed when all that was asked for has been written.</summary>
    public Task Flushed()
    {
        lock (gate) return writing;
    }

    private async Task WriteAll(CancellationToken cancel)
    {
        var delay = FirstDelay;
        while (true)
        {
            Func<JsonObject>? patch;
            lock (gate)
            {
                patch = wanted;
                wanted = null;
                if (patch is null || Gone)
                {
                    // Decided under the lock: a later Write starts a new round.
                    writing = Task.CompletedTask;
                    return;
                }
            }
            try
            {
                await api.PatchAsync(path, patch(), PatchType.Strategic, cancel);
                delay = FirstDelay;
            }
            catch (ApiException e) when (e.NotFound || e.Conflict)
            {
                // Deleted, or another Pod of the same name with another uid.
                Gone = true;
            }
            catch (Exception) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                log.LogDebug("status of {Path}: {Message}; again in {Delay}", path, e.Message, delay);
                lock (gate) wanted ??= patch;
                await Task.Delay(delay, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay;
            }
        }
    }
}
