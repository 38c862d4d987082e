using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Selectors;
using LightReasoner.DevCluster.Storage;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Watch;

/// <summary>Streams the changes of a resource as watch events, one JSON document per line.</summary>
internal sealed class WatchStream(Store store, ObjectReader reader, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromSeconds(10);

    public async Task Serve(ApiRequest request)
    {
        var form = Negotiation.From(request.Http.Request);
        var presentation = reader.Present(request, form);
        var (labels, fields) = ObjectReader.Selectors(request);
        var text = request.Query("resourceVersion") ?? "";
        var initial = CheckParameters(request, text);
        var from = 0L;
        if (text.Length > 0 && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            throw Fail.ServerError($"strconv.ParseUint: parsing {FieldError.Quote(text)}: invalid syntax");
        var bookmarks = request.Flag("allowWatchBookmarks");
        var timeout = ObjectReader.Number(request, "timeoutSeconds") is { } seconds and > 0
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromSeconds(Random.Shared.Next(1800, 3600));

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(request.Http.RequestAborted, stopping);
        var events = new EventWriter(request.Http);
        var filter = new Filter(request, labels, fields);
        var state = new List<StoredObject>();
        Store.Subscription? subscription;
        if (from == 0 || initial == true)
        {
            var snapshot = store.List(request.Type.StorageName);
            subscription = store.Subscribe(request.Type.StorageName, snapshot.Version);
            from = snapshot.Version;
            if (initial != false)
                state.AddRange(snapshot.Objects.Values.Where(filter.Matches));
        }
        else
        {
            subscription = store.Subscribe(request.Type.StorageName, Math.Min(from, store.Version));
        }

        // Whoever has seen the head of the answer may rely on it that no later change is missed.
        await events.Start(cancel.Token);
        if (subscription is null)
        {
            var gone = new ApiException(410, "Expired", $"too old resource version: {from} ({store.Forgotten})");
            await events.Send("ERROR", gone.ToStatus(), cancel.Token);
            return;
        }

        using (subscription)
        {
            var first = true;
            foreach (var stored in state)
            {
                await events.Send("ADDED", presentation.Event(stored.Document, first), cancel.Token);
                first = false;
            }

            if (initial == true && bookmarks)
            {
                await events.Send("BOOKMARK", presentation.Bookmark(from, initialEnd: true, first), cancel.Token);
                first = false;
            }

            await Follow(subscription, filter, presentation, events, from, bookmarks, timeout, first, cancel);
        }
    }

    private async Task Follow(Store.Subscription subscription, Filter filter, Presentation presentation, EventWriter events,
        long from, bool bookmarks, TimeSpan timeout, bool first, CancellationTokenSource cancel)
    {
        var end = time.GetUtcNow() + timeout;
        var nextBookmark = time.GetUtcNow() + (timeout < BookmarkPeriod + TimeSpan.FromSeconds(2)
            ? timeout - TimeSpan.FromSeconds(2) : BookmarkPeriod);
        try
        {
            while (true)
            {
                while (subscription.Changes.TryRead(out var change))
                {
                    if (change.Version <= from || filter.Event(change) is not var (kind, document))
                        continue;
                    await events.Send(kind, presentation.Event(document, first), cancel.Token);
                    first = false;
                }

                var now = time.GetUtcNow();
                if (now >= end)
                    return;
                if (bookmarks && now >= nextBookmark)
                {
                    // Changes that were queued before this revision have all been read: the queue was empty just now.
                    var version = store.Version;
                    if (!subscription.Changes.TryPeek(out _))
                        await events.Send("BOOKMARK", presentation.Bookmark(version, initialEnd: false, first), cancel.Token);
                    nextBookmark = now + BookmarkPeriod;
                }

                var wait = bookmarks && nextBookmark < end ? nextBookmark - now : end - now;
                using var timer = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancel.Token);
                try
                {
                    await subscription.Changes.WaitToReadAsync(either.Token);
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    // The timer: a bookmark is due, or the end.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the server stops.
        }
    }

    private static bool? CheckParameters(ApiRequest request, string version)
    {
        bool? initial = request.Query("sendInitialEvents") switch { null => null, "false" or "0" => false, _ => true };
        var match = request.Query("resourceVersionMatch") ?? "";
        var errors = new List<FieldError>();
        if (initial is null)
        {
            if (match.Length > 0)
                errors.Add(FieldError.Forbidden("resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        }
        else
        {
            if (match.Length == 0)
                errors.Add(FieldError.Forbidden("resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
            else if (match != "NotOlderThan")
                errors.Add(FieldError.NotSupported("resourceVersionMatch", match, "NotOlderThan"));
        }

        if (request.Query("continue") is { Length: > 0 })
            errors.Add(FieldError.Forbidden("continue", "continue is forbidden for watch"));
        return errors.Count > 0 ? throw Fail.Invalid("meta.k8s.io", "ListOptions", "", errors) : initial;
    }

    /// <summary>Turns changes of the store into what a watcher with selectors sees.</summary>
    private sealed class Filter(ApiRequest request, LabelSelector labels, FieldSelector fields)
    {
        public bool Matches(StoredObject o)
            => ObjectReader.InScope(o, request) && labels.Matches(o.Document.Map("metadata", "labels"))
                && fields.Matches(o.Document, request.Type.Strategy);

        public (string Kind, JsonObject Document)? Event(Change change)
        {
            var before = change.Old is { } old && Matches(old);
            var after = change.New is { } now && Matches(now);
            if (after)
                return (before ? "MODIFIED" : "ADDED", change.New!.Document);
            if (!before)
                return null;
            // The last state that was visible, with the revision of the change that ended it.
            var last = change.Old!.Document.Copy();
            last.Metadata()["resourceVersion"] = Presentation.Text(change.Version);
            return ("DELETED", last);
        }
    }

    private sealed class EventWriter(HttpContext http)
    {
        public async Task Start(CancellationToken cancel)
        {
            http.Response.StatusCode = 200;
            http.Response.ContentType = "application/json";
            await http.Response.StartAsync(cancel);
            await http.Response.Body.FlushAsync(cancel);
        }

        public async Task Send(string type, JsonObject document, CancellationToken cancel)
        {
            // Stored documents are shared and must not get a parent: the envelope is written around them.
            byte[] line = [.. "{\"type\":\""u8, .. System.Text.Encoding.UTF8.GetBytes(type), .. "\",\"object\":"u8,
                .. Writing.Bytes(document), .. "}\n"u8];
            await http.Response.Body.WriteAsync(line, cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
    }
}
