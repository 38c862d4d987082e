namespace LightReasoner.DevCluster.Node;

/// <summary>A change of an object: no <paramref name="Old"/> when it appeared, no <paramref name="New"/> when it went away.</summary>
internal readonly record struct Change(JsonObject? Old, JsonObject? New)
{
    public JsonObject Latest => New ?? Old!;
}

/// <summary>
/// A local copy of a collection, kept by list and watch. It outlives everything a watch can meet: streams cut off, forgotten
/// resource versions (410: list again, deletions in the gap are made up for), and a server that is away or starts anew.
/// Changes are handed out one at a time and in order. Objects in the copy are shared: clone before changing one.
/// </summary>
internal sealed class Informer(ApiClient api, string collection, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, JsonObject> objects = new();
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called for every change, on the informer's own flow. Set before <see cref="RunAsync"/>.</summary>
    public Action<Change>? Changed { get; set; }

    /// <summary>Completed once the first list has been handed out.</summary>
    public Task Synced => synced.Task;

    public IEnumerable<JsonObject> Objects => objects.Values;

    public async Task RunAsync(CancellationToken cancel)
    {
        var delay = FirstDelay;
        string? version = null;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                version ??= await Relist(cancel);
                synced.TrySetResult();
                var opened = clock.GetTimestamp();
                await foreach (var item in api.WatchAsync(collection, version, cancel))
                {
                    delay = FirstDelay;
                    if (item.Type == "DELETED") Remove(item.Object.Key());
                    else if (item.Type != "BOOKMARK") Put(item.Object);
                    version = item.Object.Text("metadata", "resourceVersion") ?? version;
                }
                // A stream that ends at its time limit goes on where it was. One that ends earlier was cut off, perhaps by a server that
                // started anew: its versions may mean nothing any more (one from the future is a silent watch), so list again.
                if (clock.GetElapsedTime(opened) < ApiClient.WatchLimit - TimeSpan.FromSeconds(1))
                    throw new IOException("the stream was cut off");
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or JsonException)
            {
                version = null;
                log.LogDebug("watch {Collection}: {Message}; again in {Delay}", collection, e.Message, delay);
                await Task.Delay(delay, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay;
            }
        }
    }

    private async Task<string> Relist(CancellationToken cancel)
    {
        var list = await api.ListAsync(collection, cancel);
        foreach (var gone in objects.Keys.Except(list.Items.Select(i => i.Key()))) Remove(gone);
        foreach (var item in list.Items) Put(item);
        return list.ResourceVersion;
    }

    private void Remove(string key)
    {
        if (objects.TryRemove(key, out var old)) Hand(new Change(old, null));
    }

    private void Put(JsonObject item)
    {
        var key = item.Key();
        if (objects.TryGetValue(key, out var old) && old.Uid() != item.Uid())
        {
            Remove(key);
            old = null;
        }
        objects[key] = item;
        if (old?.Text("metadata", "resourceVersion") != item.Text("metadata", "resourceVersion")) Hand(new Change(old, item));
    }

    private void Hand(Change change)
    {
        try
        {
            Changed?.Invoke(change);
        }
        catch (Exception e)
        {
            log.LogError(e, "handling a change of {Collection} {Key}", collection, change.Latest.Key());
        }
    }
}
