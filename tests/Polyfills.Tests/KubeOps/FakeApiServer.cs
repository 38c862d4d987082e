using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LightReasoner.Polyfills.Tests.KubeOps;

/// <summary>
/// A real HTTP server with the least of a Kubernetes API for any resource: objects in memory, versions, lists in pages, watches,
/// conflicts; and switches for what goes wrong in life.
/// </summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<(int Version, string Collection, string Type, JsonObject Object)> history = [];
    private readonly List<Channel<bool>> watches = [];
    private int version = 100;
    private int compacted;

    private FakeApiServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<string> Requests { get; } = new();

    public Func<HttpContext, IResult?>? Intercept { get; set; }

    /// <summary>Connections are dropped without an answer.</summary>
    public bool Down { get; set; }

    public int PageLimit { get; set; } = int.MaxValue;

    public int OpenWatches
    {
        get
        {
            lock (gate)
            {
                return watches.Count;
            }
        }
    }

    public string Url => app.Urls.Single();

    public KubernetesClientConfiguration Config => new() { Host = Url };

    public static async Task<FakeApiServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.WebHost.ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new FakeApiServer(app);
        app.Run(server.HandleAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Break();
        await app.DisposeAsync();
    }

    public IReadOnlyList<JsonObject> All(string collection)
    {
        lock (gate)
        {
            return objects.Where(o => o.Key.StartsWith(collection + "/", StringComparison.Ordinal))
                .Select(o => (JsonObject)o.Value.DeepClone()).ToList();
        }
    }

    /// <param name="collection">Such as <c>/apis/batch/v1/namespaces/a/jobs</c>.</param>
    /// <param name="entity">What to store.</param>
    /// <param name="silently">Without an event, as if it had happened in a gap of the watch.</param>
    public JsonObject Put(string collection, JsonObject entity, bool silently = false)
    {
        lock (gate)
        {
            var key = $"{collection}/{entity["metadata"]!["name"]}";
            var old = objects.GetValueOrDefault(key);
            var meta = entity["metadata"]!.AsObject();
            meta["uid"] = old?["metadata"]!["uid"]!.DeepClone() ?? Guid.NewGuid().ToString();
            meta["resourceVersion"] = (++version).ToString();
            var bump = old is not null && !JsonNode.DeepEquals(old["spec"], entity["spec"]) ? 1 : 0;
            meta["generation"] = (old?["metadata"]!["generation"]!.GetValue<int>() ?? 1) + bump;
            if (meta["deletionTimestamp"] is not null && meta["finalizers"] is not JsonArray { Count: > 0 })
            {
                objects.Remove(key);
                Publish(collection, "DELETED", entity, silently);
                return entity;
            }

            objects[key] = (JsonObject)entity.DeepClone();
            Publish(collection, old is null ? "ADDED" : "MODIFIED", entity, silently);
            return entity;
        }
    }

    public void Remove(string collection, string name, bool silently = false)
    {
        lock (gate)
        {
            if (objects.Remove($"{collection}/{name}", out var old))
            {
                old["metadata"]!["resourceVersion"] = (++version).ToString();
                Publish(collection, "DELETED", old, silently);
            }
        }
    }

    /// <summary>Forgets what happened so far: a watch from an old version gets 410.</summary>
    public void Compact()
    {
        lock (gate)
        {
            history.Clear();
            compacted = ++version;
        }
    }

    /// <summary>Ends all watches, properly or by breaking the connection.</summary>
    public void EndWatches(bool properly)
    {
        lock (gate)
        {
            watches.ForEach(w => w.Writer.TryComplete(properly ? null : new IOException("broken")));
            watches.Clear();
        }
    }

    public void Break() => EndWatches(false);

    private static IResult Status(int code, string reason) =>
        Results.Json(new { kind = "Status", apiVersion = "v1", status = "Failure", reason, code, message = reason }, statusCode: code);

    private void Publish(string collection, string type, JsonObject entity, bool silently)
    {
        if (!silently)
        {
            history.Add((version, collection, type, (JsonObject)entity.DeepClone()));
            watches.ForEach(w => w.Writer.TryWrite(true));
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Requests.Enqueue($"{context.Request.Method} {path}{context.Request.QueryString}");
        if (Down)
        {
            context.Abort();
            return;
        }

        var result = Intercept?.Invoke(context);
        if (result is null && context.Request.Query["watch"] == "true")
        {
            await WatchAsync(context, path);
            return;
        }

        await (result ?? await AnswerAsync(context, path)).ExecuteAsync(context);
    }

    private async Task<IResult> AnswerAsync(HttpContext context, string path)
    {
        var isStatus = path.EndsWith("/status", StringComparison.Ordinal);
        path = isStatus ? path[..^"/status".Length] : path;
        var (collection, name) = (path[..path.LastIndexOf('/')], path[(path.LastIndexOf('/') + 1)..]);
        var body = context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0
            ? await JsonNode.ParseAsync(context.Request.Body) as JsonObject : null;
        lock (gate)
        {
            var stored = objects.GetValueOrDefault(path);
            switch (context.Request.Method)
            {
                case "GET" when stored is not null:
                    return Results.Json(stored);
                case "GET" when name.EndsWith('s') && !objects.ContainsKey(path):
                    return List(path, context.Request.Query);
                case "POST":
                    return objects.ContainsKey($"{path}/{body!["metadata"]!["name"]}") ? Status(409, "AlreadyExists")
                        : Results.Json(Put(path, body), statusCode: 201);
                case "PUT" when stored is not null:
                    var given = (string?)body!["metadata"]!["resourceVersion"];
                    if (given is not null && given != (string?)stored["metadata"]!["resourceVersion"])
                    {
                        return Status(409, "Conflict");
                    }

                    var next = isStatus ? (JsonObject)stored.DeepClone() : body;
                    next["status"] = (isStatus ? body : stored)["status"]?.DeepClone();
                    return Results.Json(Put(collection, next));
                case "DELETE" when stored is not null && stored["metadata"]!["finalizers"] is JsonArray { Count: > 0 }:
                    stored["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
                    return Results.Json(Put(collection, (JsonObject)stored.DeepClone()));
                case "DELETE" when stored is not null:
                    Remove(collection, name);
                    return Results.Json(new { kind = "Status", apiVersion = "v1", status = "Success" });
                default:
                    return Status(404, "NotFound");
            }
        }
    }

    private IResult List(string path, IQueryCollection query)
    {
        var start = (string?)query["continue"] ?? "";
        if (start != "" && int.Parse(start.Split('|')[1]) < compacted)
        {
            return Status(410, "Expired");
        }

        var limit = Math.Min(PageLimit, int.TryParse(query["limit"], out var l) ? l : int.MaxValue);
        var all = objects.Where(o => Contains(path, o.Key) && string.CompareOrdinal(o.Key, start.Split('|')[0]) > 0).ToList();
        var page = all.Take(limit).ToList();
        var more = page.Count < all.Count ? $"{page[^1].Key}|{version}" : "";
        return Results.Json(new
        {
            kind = "List",
            apiVersion = "v1",
            metadata = new { resourceVersion = version.ToString(), @continue = more },
            items = page.Select(p => p.Value.DeepClone())
        });
    }

    /// <summary>Whether the object is in the collection, which may be that of all namespaces.</summary>
    private static bool Contains(string collection, string key)
    {
        var parent = key[..key.LastIndexOf('/')];
        return parent == collection
            || (parent.Contains("/namespaces/") && System.Text.RegularExpressions.Regex.Replace(parent,
                "/namespaces/[^/]+", "") == collection);
    }

    private async Task WatchAsync(HttpContext context, string path)
    {
        // Without a version, the server tells first what exists.
        var fromTheBeginning = !int.TryParse(context.Request.Query["resourceVersion"], out var from);
        var signal = Channel.CreateUnbounded<bool>();
        bool gone;
        List<JsonObject> existing = [];
        lock (gate)
        {
            if (fromTheBeginning)
            {
                existing = [.. objects.Where(o => Contains(path, o.Key)).Select(o => (JsonObject)o.Value.DeepClone())];
                from = version;
            }

            gone = from < compacted;
            watches.Add(signal);
            signal.Writer.TryWrite(true);
        }

        context.Response.ContentType = "application/json";
        if (gone)
        {
            await context.Response.WriteAsync(
                """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"message":"too old resource version"}}""" + "\n");
            lock (gate)
            {
                watches.Remove(signal);
            }

            return;
        }

        await context.Response.StartAsync();
        try
        {
            foreach (var o in existing)
            {
                await context.Response.WriteAsync(new JsonObject { ["type"] = "ADDED", ["object"] = o }.ToJsonString() + "\n");
            }

            await foreach (var _ in signal.Reader.ReadAllAsync(context.RequestAborted))
            {
                List<(int Version, string Collection, string Type, JsonObject Object)> events;
                lock (gate)
                {
                    events = history.Where(e => e.Version > from && Contains(path, $"{e.Collection}/x")).ToList();
                }

                foreach (var e in events)
                {
                    await context.Response.WriteAsync(new JsonObject
                    {
                        ["type"] = e.Type,
                        ["object"] = e.Object.DeepClone()
                    }.ToJsonString() + "\n");
                    from = e.Version;
                }

                await context.Response.Body.FlushAsync();
            }
        }
        catch (IOException)
        {
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // the client went away
        }

        lock (gate)
        {
            watches.Remove(signal);
        }
    }
}
