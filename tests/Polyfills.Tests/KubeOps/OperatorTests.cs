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
        await using var op = await ThingOperator.StartAsync(server, log, s => s.WithParallelReconciliation(p => p.WithMaxParallelReconciliations(8)));
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
    public async Task Finalizer_IsAttached_RunAtDeletion_AndDetached()
    {
        var refusals = 2;
        log.OnFinalize = t => refusals-- > 0 ? ReconciliationResult<Thing>.Failure(t, "wait") : ReconciliationResult<Thing>.Success(t);
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log, _ => { }, finalizer: true);
        await Eventually.TrueAsync(() => server.All(Thing.Collection)[0]["metadata"]!["finalizers"]?.ToJsonString() == $"[\"{ThingFinalizer.Identifier}\"]");
        await running.Services.GetRequiredService<IKubernetesClient>().DeleteAsync<Thing>("a", "ns");
        await Eventually.TrueAsync(() => server.All(Thing.Collection).Count == 0 && log.Count("deleted") == 1);
        Assert.Equal(3, log.Count("finalize"));
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
    public async Task Metrics_CountReconciliations()
    {
        var counted = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "metered")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        void Count<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            var status = "";
            foreach (var tag in tags)
            {
                status += tag.Key is "kubeops.reconciliation.status" or "kubeops.queue.state" ? $" {tag.Value}" : "";
            }

            counted.AddOrUpdate(instrument.Name + status, Convert.ToDouble(value), (_, n) => n + Convert.ToDouble(value));
        }

        listener.SetMeasurementEventCallback<long>(Count);
        listener.SetMeasurementEventCallback<int>(Count);
        listener.SetMeasurementEventCallback<double>(Count);
        listener.Start();
        log.OnReconcile = (t, _) => log.Calls.Count == 1 ? throw new IOException("once") : Task.FromResult(ReconciliationResult<Thing>.Success(t, TimeSpan.FromMinutes(1)));
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var running = await ThingOperator.StartAsync(server, log, s => s.WithName("metered"));
        await Eventually.TrueAsync(() => counted.GetValueOrDefault("kubeops.operator.reconciliation success") == 1);
        await Eventually.TrueAsync(() => counted.GetValueOrDefault("kubeops.operator.queue.requeued") == 2);
        listener.RecordObservableInstruments();
        Assert.Equal(1, counted["kubeops.operator.reconciliation failure"]);
        Assert.Equal(1, counted["kubeops.operator.queue.depth scheduled"]);
        Assert.True(counted["kubeops.operator.reconciliation.duration success"] > 0);
    }
}
