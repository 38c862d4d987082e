namespace LightReasoner.DevCluster.Watch;

/// <summary>Streams the changes of a resource as watch events, one JSON document per line.</summary>
internal sealed class WatchStream(Store store, ObjectReader reader, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromSeconds(10);

    public async Task Serve(ApiRequest request)
    {
        var presentation = reader.Present(request);
        var scope = new Scope(request);
        var from = request.Number("resourceVersion") ?? 0;
        var seconds = request.Number("timeoutSeconds") is { } given and > 0 ? given : Random.Shared.Next(1800, 3600);
        bool? initial = request.Query("sendInitialEvents") is null ? null : request.Flag("sendInitialEvents");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(request.Http.RequestAborted, stopping);
        List<StoredObject> state = [];
        Store.Subscription? subscription;
        if (from == 0 || initial == true)
        {
            var snapshot = store.List(request.Type.StorageName);
            subscription = store.Subscribe(request.Type.StorageName, snapshot.Version);
            from = snapshot.Version;
            if (initial != false)
                state.AddRange(snapshot.Objects.Values.Where(scope.Contains));
        }
        else
        {
            subscription = store.Subscribe(request.Type.StorageName, Math.Min(from, store.Version));
        }

        // Whoever has seen the head of the answer may rely on it that no later change is missed.
        request.Http.Response.ContentType = "application/json";
        await request.Http.Response.StartAsync(cancel.Token);
        await request.Http.Response.Body.FlushAsync(cancel.Token);
        var first = true;
        if (subscription is null)
        {
            await Send("ERROR", Fail.Expired($"too old resource version: {from} ({store.Forgotten})").ToStatus());
            return;
        }

        using (subscription)
        {
            foreach (var stored in state)
                await Send("ADDED", presentation.One(stored.Document, first));
            if (initial == true && request.Flag("allowWatchBookmarks"))
                await Send("BOOKMARK", presentation.Bookmark(from, initialEnd: true, first));
            await Follow(subscription.Changes);
        }

        async Task Follow(ChannelReader<Change> changes)
        {
            var bookmarks = request.Flag("allowWatchBookmarks");
            var timeout = TimeSpan.FromSeconds(seconds);
            var end = time.GetUtcNow() + timeout;
            var nextBookmark = time.GetUtcNow() + (timeout < BookmarkPeriod + TimeSpan.FromSeconds(2)
                ? timeout - TimeSpan.FromSeconds(2) : BookmarkPeriod);
            while (true)
            {
                while (changes.TryRead(out var change))
                {
                    if (change.Version > from && Event(change, scope) is var (kind, document))
                        await Send(kind, presentation.One(document, first));
                }

                var now = time.GetUtcNow();
                if (now >= end)
                    return;
                if (bookmarks && now >= nextBookmark)
                {
                    // Changes that were queued before this revision have all been read: the queue was empty just now.
                    var version = store.Version;
                    if (!changes.TryPeek(out _))
                        await Send("BOOKMARK", presentation.Bookmark(version, initialEnd: false, first));
                    nextBookmark = now + BookmarkPeriod;
                }

                var wait = bookmarks && nextBookmark < end ? nextBookmark - now : end - now;
                using var timer = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancel.Token);
                try
                {
                    await changes.WaitToReadAsync(either.Token);
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    // The timer: a bookmark is due, or the end.
                }
            }
        }

        async Task Send(string type, JsonObject document)
        {
            // Stored documents are shared and must not get a parent: the envelope is written around them.
            byte[] line = [.. Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), .. Writing.Bytes(document), .. "}\n"u8];
            await request.Http.Response.Body.WriteAsync(line, cancel.Token);
            await request.Http.Response.Body.FlushAsync(cancel.Token);
            first = false;
        }
    }

    /// <summary>What a change of the store is to a watcher of a part of it.</summary>
    private static (string Kind, JsonObject Document)? Event(Change change, Scope scope)
    {
        var before = change.Old is { } old && scope.Contains(old);
        if (change.New is { } now && scope.Contains(now))
            return (before ? "MODIFIED" : "ADDED", now.Document);
        if (!before)
            return null;
        // The last state that was visible, with the revision of the change that ended it.
        var last = change.Old!.Document.Copy();
        last.Metadata()["resourceVersion"] = $"{change.Version}";
        return ("DELETED", last);
    }
}
