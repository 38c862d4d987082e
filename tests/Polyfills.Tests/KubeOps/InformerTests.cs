using System.Collections.Concurrent;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Operator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class InformerTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> reports = new();
    private readonly CancellationTokenSource stop = new();
    private FakeApiServer server = null!;
    private Task running = Task.CompletedTask;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromMinutes(2));
        await server.DisposeAsync();
    }

    [Fact]
    public async Task List_ComesInPages_ThenChanges()
    {
        server.PageLimit = 3;
        for (var i = 0; i < 10; i++)
        {
            server.Put(Thing.Collection, Thing.Json($"t{i}"));
        }

        Start();
        await Eventually.TrueAsync(() => reports.Count == 10 && server.OpenWatches == 1);
        Assert.Equal(4, server.Requests.Count(r => !r.Contains("watch=true")));
        server.Put(Thing.Collection, Thing.Json("t3", 5));
        server.Remove(Thing.Collection, "t4");
        server.Put(Thing.Collection, Thing.Json("new"));
        await Eventually.TrueAsync(() => reports.Count == 13);
        Assert.Equal(["Modified t3", "Deleted t4", "Added new"], reports.Skip(10));
    }

    [Fact]
    public async Task Watch_ThatTheServerEnds_GoesOnWithoutAList()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        Start();
        await Eventually.TrueAsync(() => reports.Count == 1 && server.OpenWatches == 1);
        await Task.Delay(600);      // a watch that lived for a while
        server.EndWatches(true);
        await Eventually.TrueAsync(() => server.Requests.Count(r => r.Contains("watch=true")) == 2);
        server.Put(Thing.Collection, Thing.Json("a", 1));
        await Eventually.TrueAsync(() => reports.Count == 2);
        Assert.Single(server.Requests, r => !r.Contains("watch=true"));
    }

    [Fact]
    public async Task Gap_IsFoundByTheNextList_DeletionsToo()
    {
        server.Put(Thing.Collection, Thing.Json("stays"));
        server.Put(Thing.Collection, Thing.Json("changes"));
        server.Put(Thing.Collection, Thing.Json("goes"));
        Start();
        await Eventually.TrueAsync(() => reports.Count == 3 && server.OpenWatches == 1);
        server.Put(Thing.Collection, Thing.Json("changes", 9), silently: true);
        server.Remove(Thing.Collection, "goes", silently: true);
        server.Put(Thing.Collection, Thing.Json("comes"), silently: true);
        server.Break();
        await Eventually.TrueAsync(() => reports.Count == 6);
        Assert.Equal(["Added comes", "Deleted goes", "Modified changes"], reports.Skip(3).Order());
    }

    [Fact]
    public async Task Recreated_UnderTheSameName_IsDeletedAndAdded()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        Start();
        await Eventually.TrueAsync(() => reports.Count == 1 && server.OpenWatches == 1);
        server.Remove(Thing.Collection, "a", silently: true);
        server.Put(Thing.Collection, Thing.Json("a"), silently: true);
        server.Break();
        await Eventually.TrueAsync(() => reports.Count == 3);
        Assert.Equal(["Added a", "Deleted a"], reports.Skip(1).Order());
    }

    [Fact]
    public async Task Gone_ListsAgain()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        Start();
        await Eventually.TrueAsync(() => reports.Count == 1 && server.OpenWatches == 1);
        await Task.Delay(600);
        server.Put(Thing.Collection, Thing.Json("b"), silently: true);
        server.Compact();
        server.EndWatches(true);
        await Eventually.TrueAsync(() => reports.Contains("Added b"));
        await Eventually.TrueAsync(() => server.OpenWatches == 1);
        Assert.Equal(2, reports.Count);
    }

    [Fact]
    public async Task ServerAway_IsWaitedFor()
    {
        server.Down = true;
        Start();
        await Eventually.TrueAsync(() => server.Requests.Count >= 2);
        server.Put(Thing.Collection, Thing.Json("a"));
        server.Down = false;
        await Eventually.TrueAsync(() => reports.Contains("Added a"));
    }

    [Fact]
    public async Task ServerError_IsWaitedOut()
    {
        var refusals = 3;
        server.Put(Thing.Collection, Thing.Json("a"));
        server.Intercept = _ => Interlocked.Decrement(ref refusals) >= 0 ? Results.Json(new { kind = "Status", code = 429 }, statusCode: 429) : null;
        Start();
        await Eventually.TrueAsync(() => reports.Contains("Added a"));
    }

    [Fact]
    public async Task ObjectThatCannotBeRead_DoesNotHideOthers()
    {
        var bad = Thing.Json("bad");
        bad["spec"]!["size"] = "huge";
        server.Put(Thing.Collection, bad);
        server.Put(Thing.Collection, Thing.Json("good"));
        Start();
        await Eventually.TrueAsync(() => reports.Contains("Added good"));
        Assert.Single(reports);
    }

    [Fact]
    public async Task StatusChange_MattersByResourceVersionOnly()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        Start(ReconcileStrategy.ByGeneration);
        await Eventually.TrueAsync(() => reports.Count == 1 && server.OpenWatches == 1);
        var changed = Thing.Json("a");
        changed["status"] = new System.Text.Json.Nodes.JsonObject { ["seenSize"] = 1 };
        server.Put(Thing.Collection, changed);
        server.Put(Thing.Collection, Thing.Json("a", 2));
        await Eventually.TrueAsync(() => reports.Count == 2);
        Assert.Equal("Modified a", reports.Last());
    }

    [Fact]
    public async Task Resync_ReportsEverythingAgain()
    {
        var time = new FakeTimeProvider();
        server.Put(Thing.Collection, Thing.Json("a"));
        server.Put(Thing.Collection, Thing.Json("b"));
        Start(time: time);
        await Eventually.TrueAsync(() => reports.Count == 2 && server.OpenWatches == 1);
        time.Advance(Informer<Thing>.ResyncPeriod + TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => reports.Count == 4 && server.OpenWatches == 1);
        Assert.Equal(["Modified a", "Modified b"], reports.Skip(2).Order());
    }

    private void Start(ReconcileStrategy strategy = ReconcileStrategy.ByResourceVersion, TimeProvider? time = null)
    {
        var config = server.Config;
        config.SkipTlsVerify = true;
        var client = new global::KubeOps.KubernetesClient.KubernetesClient(config);
        var settings = new OperatorSettingsBuilder().WithReconcileStrategy(strategy).Build();
        var informer = new Informer<Thing>(
            client,
            settings,
            _ => ValueTask.FromResult<string?>(null),
            item =>
            {
                reports.Enqueue($"{item.Type} {item.Entity.Name()}");
                return true;
            },
            null,
            time ?? TimeProvider.System,
            NullLogger.Instance);
        running = Task.Run(() => informer.RunAsync(stop.Token));
    }
}
