using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Queue;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.DependencyInjection;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class OperatorTests : IAsyncLifetime
{
    private readonly ThingLog log = new();
    private FakeApiServer server = null!;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Changes_AreReconciled_DeletionsReported()
    {
        server.Put(Thing.Collection, Thing.Json("old", 1));
        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Count("reconcile", "old") == 1);
        server.Put(Thing.Collection, Thing.Json("new", 2));
        await Eventually.TrueAsync(() => log.Count("reconcile", "new") == 1);
        server.Remove(Thing.Collection, "old");
        await Eventually.TrueAsync(() => log.Count("deleted", "old") == 1);
    }

    [Fact]
    public async Task Failures_AreRetriedForEver()
    {
        log.OnReconcile = (t, _) => log.Calls.Count switch
        {
            < 4 => throw new InvalidOperationException("not yet"),
            < 7 => Task.FromResult(ReconciliationResult<Thing>.Failure(t, "still not")),
            _ => Task.FromResult(ReconciliationResult<Thing>.Success(t)),
        };
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log, _ => { });
        await Eventually.TrueAsync(() => log.Calls.Count == 7);
        await Task.Delay(200);
        Assert.Equal(7, log.Calls.Count);
    }

    [Fact]
    public async Task RequeueAfter_ComesBack_WithTheStateOfThen()
    {
        log.OnReconcile = (t, _) =>
        {
            if (log.Calls.Count == 1)
            {
                server.Put(Thing.Collection, Thing.Json("a", 2), silently: true);
            }

            return Task.FromResult(ReconciliationResult<Thing>.Success(t, log.Calls.Count < 3 ? TimeSpan.FromMilliseconds(100) : null));
        };
        server.Put(Thing.Collection, Thing.Json("a", 1));
        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Calls.Count == 3);
        Assert.Equal([1, 2, 2], log.Calls.Select(c => c.Size));
    }

    [Fact]
    public async Task OneObject_IsReconciledOneAtATime_OthersInParallel()
    {
        var running = new ConcurrentDictionary<string, int>();
        var (most, overlaps) = (0, 0);
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log.OnReconcile = async (t, ct) =>
        {
            if (running.AddOrUpdate(t.Name(), 1, (_, n) => n + 1) > 1)
            {
                Interlocked.Increment(ref overlaps);
            }

            most = Math.Max(most, running.Values.Sum());
            if (running.Values.Sum() > 1)
            {
                together.TrySetResult();
            }

            await together.Task.WaitAsync(ct);
            await Task.Delay(30, ct);
            running.AddOrUpdate(t.Name(), 0, (_, n) => n - 1);
            return ReconciliationResult<Thing>.Success(t);
        };
        await using var op = await ThingOperator.StartAsync(server, log, s =>
            s.WithParallelReconciliation(p => p.WithMaxParallelReconciliations(8)));
        for (var i = 1; i <= 20; i++)
        {
            for (var n = 0; n < 6; n++)
            {
                server.Put(Thing.Collection, Thing.Json($"t{n}", i));
            }

            await Task.Delay(10);
        }

        await Eventually.TrueAsync(() => Enumerable.Range(0, 6).All(n => log.Calls.Any(c => c.Name == $"t{n}" && c.Size == 20)));
        Assert.Equal(0, overlaps);
        Assert.InRange(most, 2, 8);
    }

    [Fact]
    public async Task EntityQueue_TriggersFromOutside()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Calls.Count == 1);
        var queue = running.Services.GetRequiredService<EntityQueue<Thing>>();
        var entity = await running.Services.GetRequiredService<IKubernetesClient>().GetAsync<Thing>("a", "ns");
        Assert.True(await queue(entity!, ReconciliationType.Modified, ReconciliationTriggerSource.Operator, TimeSpan.Zero, 0, default));
        await Eventually.TrueAsync(() => log.Calls.Count == 2);
        await running.StopAsync();
        Assert.False(await queue(entity!, ReconciliationType.Modified, ReconciliationTriggerSource.Operator, TimeSpan.Zero, 0, default));
    }

    [Fact]
    public async Task Stop_CancelsWork_AndWaitsForIt()
    {
        var cancelled = false;
        log.OnReconcile = async (t, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancelled = true;
            return ReconciliationResult<Thing>.Success(t);
        };
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Calls.Count == 1);
        await running.StopAsync();
        Assert.True(cancelled);
    }

    [Fact]
    public async Task ThousandObjects_AtOnce_AreAllReconciled()
    {
        for (var i = 0; i < 1000; i++)
        {
            server.Put(Thing.Collection, Thing.Json($"t{i}"));
        }

        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Calls.Select(c => c.Name).Distinct().Count() == 1000);
        for (var i = 0; i < 1000; i++)
        {
            server.Put(Thing.Collection, Thing.Json($"t{i}", 1));
        }

        await Eventually.TrueAsync(() => log.Calls.Count(c => c.Size == 1) >= 1000);
    }

    [Fact]
    public async Task Watch_ThatEndsOrBreaksOrExpires_GoesOn()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log);
        await Eventually.TrueAsync(() => log.Calls.Count == 1 && server.OpenWatches == 1);
        server.Break();
        server.Put(Thing.Collection, Thing.Json("b"));
        await Eventually.TrueAsync(() => log.Count("reconcile", "b") == 1 && server.OpenWatches == 1);
        server.Compact();
        server.EndWatches(true);
        server.Put(Thing.Collection, Thing.Json("c"));
        await Eventually.TrueAsync(() => log.Count("reconcile", "c") == 1 && server.OpenWatches == 1);
        Assert.Equal(3, log.Calls.Count);       // what has not changed is not reported again
    }

    [Fact]
    public async Task StatusChange_IsNotReported_BySpecChangesAlone()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log, s => s.WithReconcileStrategy(ReconcileStrategy.ByGeneration));
        await Eventually.TrueAsync(() => log.Calls.Count == 1 && server.OpenWatches == 1);
        var changed = Thing.Json("a");
        changed["status"] = new System.Text.Json.Nodes.JsonObject { ["seenSize"] = 1 };
        server.Put(Thing.Collection, changed);
        server.Put(Thing.Collection, Thing.Json("a", 2));
        await Eventually.TrueAsync(() => log.Calls.Any(c => c.Size == 2));
        Assert.Equal(2, log.Calls.Count);
    }

    [Fact]
    public async Task QueueDepth_IsOnTheOperatorsMeter()
    {
        var depths = new ConcurrentDictionary<string, int>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "metered" && instrument.Name == "kubeops.operator.queue.depth")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, tags, _) =>
            depths[string.Join(' ', tags.ToArray().Select(t => t.Value))] = value);
        listener.Start();
        log.OnReconcile = (t, _) => Task.FromResult(ReconciliationResult<Thing>.Success(t, TimeSpan.FromMinutes(1)));
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log, s => s.WithName("metered"));
        await Eventually.TrueAsync(() =>
        {
            listener.RecordObservableInstruments();
            return depths.GetValueOrDefault("Thing scheduled") == 1;
        });
    }
}
