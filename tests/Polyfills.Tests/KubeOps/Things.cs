using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.Operator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LightReasoner.Polyfills.Tests.KubeOps;

[KubernetesEntity(Group = "test.io", ApiVersion = "v1", Kind = "Thing", PluralName = "things")]
public sealed class Thing : CustomKubernetesEntity<ThingSpec, ThingStatus>
{
    public const string Collection = "/apis/test.io/v1/namespaces/ns/things";

    public static JsonObject Json(string name, int size = 0) => new()
    {
        ["apiVersion"] = "test.io/v1",
        ["kind"] = "Thing",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ns" },
        ["spec"] = new JsonObject { ["size"] = size },
    };
}

public sealed record ThingSpec
{
    public int Size { get; set; }
}

public sealed record ThingStatus
{
    public int SeenSize { get; set; }
}

/// <summary>Notes every call and does what the test says.</summary>
public sealed class ThingLog
{
    public ConcurrentQueue<(string What, string Name, int Size)> Calls { get; } = new();

    public Func<Thing, CancellationToken, Task<ReconciliationResult<Thing>>> OnReconcile { get; set; } = (t, _) =>
        Task.FromResult(ReconciliationResult<Thing>.Success(t));

    public int Count(string what, string? name = null) => Calls.Count(c => c.What == what && (name is null || c.Name == name));
}

public sealed class ThingController(ThingLog log) : IEntityController<Thing>
{
    public Task<ReconciliationResult<Thing>> ReconcileAsync(Thing entity, CancellationToken cancellationToken)
    {
        log.Calls.Enqueue(("reconcile", entity.Name(), entity.Spec.Size));
        return log.OnReconcile(entity, cancellationToken);
    }

    public Task<ReconciliationResult<Thing>> DeletedAsync(Thing entity, CancellationToken cancellationToken)
    {
        log.Calls.Enqueue(("deleted", entity.Name(), entity.Spec.Size));
        return Task.FromResult(ReconciliationResult<Thing>.Success(entity));
    }
}

/// <summary>An operator for things, against the server.</summary>
internal sealed class ThingOperator : IAsyncDisposable
{
    private readonly IHost host;

    private ThingOperator(IHost host) => this.host = host;

    public IServiceProvider Services => host.Services;

    public static async Task<ThingOperator> StartAsync(
        FakeApiServer server, ThingLog log, Action<OperatorSettingsBuilder>? configure = null, TimeProvider? time = null, string? ns = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        var config = server.Config;
        config.Namespace = ns ?? "system";
        builder.Services.AddSingleton(config);
        builder.Services.AddSingleton(log);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddKubernetesOperator(s =>
            configure?.Invoke(s.WithName("things").WithParallelReconciliation(p => p.WithErrorBackoffBase(TimeSpan.FromMilliseconds(20)))))
            .AddController<ThingController, Thing>();
        var running = new ThingOperator(builder.Build());
        await running.host.StartAsync();
        return running;
    }

    public Task StopAsync() => host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
